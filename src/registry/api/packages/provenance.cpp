#include "registry/api/packages/provenance.h"

namespace imp::registry {

Result<std::optional<BundleJudgement>> judged(const RegistryServices& services,
                                              const PublishCandidate& candidate,
                                              const std::optional<CiIdentity>& identity) {
  if (candidate.provenance.empty()) return std::nullopt;
  auto judgement = judge_bundle(
      candidate.provenance, {candidate.package(), candidate.version, candidate.tarball.sha512},
      services.trusted_root ? &*services.trusted_root : nullptr, identity);
  if (!judgement) return pass_on(judgement);
  return std::move(*judgement);
}

Result<std::optional<BundleJudgement>> judged(const RegistryServices& services,
                                              const PublishCandidate& candidate,
                                              const Requester& requester) {
  if (candidate.provenance.empty()) return std::nullopt;
  std::optional<CiIdentity> identity;
  if (requester.publish_token()) {
    auto found = services.database.read([&](db::Session& session) -> Result<CiIdentity> {
      return identity_of(session, *requester.publish_token());
    });
    if (!found) return pass_on(found);
    identity = std::move(*found);
  }
  return judged(services, candidate, identity);
}

}  // namespace imp::registry
