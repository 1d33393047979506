#include "registry/staging/held_release.h"

namespace imp::registry {

std::optional<HeldRelease> held_before(db::Session& session, const PublishCandidate& candidate,
                                       const Publisher& publisher, Time now) {
  const auto row = session.row(
      "SELECT id, held_reason FROM staged_release WHERE package_name = :p1 AND version = :p2 AND "
      "sha512 = :p3 AND publisher_name = :p4 AND COALESCE(trusted_config, '') = :p5 AND "
      "created_at > :p6 AND held_reason <> ''",
      {candidate.name, candidate.version, candidate.tarball.sha512, publisher.person.name,
       publisher.trusted ? publisher.trusted->config_id : std::string(),
       to_milliseconds(now - kRetryWindow)});
  if (!row) return std::nullopt;
  return HeldRelease{row->text(0), row->text(1)};
}

}  // namespace imp::registry
