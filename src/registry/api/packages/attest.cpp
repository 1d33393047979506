#include "registry/api/packages/attest.h"

#include "registry/provenance/publish_attestation.h"

namespace imp::registry {

void attest(db::Session& session, const RegistryServices& services,
            const PublishCandidate& candidate, const Published& published, const PublicBy& by,
            const audit::Placed& record, Time now) {
  const TrustedPublish publish{.name = candidate.package(),
                               .version = candidate.version,
                               .sha512 = candidate.tarball.sha512,
                               .registry = services.public_url,
                               .at = now,
                               .identity = by.identity,
                               .stage_id = by.stage_id,
                               .approvers = by.approvers,
                               .record = record.sequence,
                               .record_leaf = record.leaf()};
  for (const Attestation& one : publish_attestations(publish, services.key)) {
    add_attestation(session, published.package.id, candidate.version, one);
  }
}

}  // namespace imp::registry
