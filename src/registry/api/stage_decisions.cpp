#include "registry/api/stage_decisions.h"

#include <boost/json.hpp>

#include "audit/log.h"

namespace imp::registry {

namespace {

audit::Record record_of(const Requester& requester, std::string_view action,
                        const StagedRelease& release, Time now) {
  audit::Record record = requester.audit_record(
      action, "package:" + release.candidate.name + "@" + release.candidate.version, now);
  record.detail = {{"stage", release.id},
                   {"integrity", release.candidate.tarball.integrity},
                   {"run", release.run}};
  return record;
}

}  // namespace

Result<StagedRelease> visible_release(RegistryServices& services, const Requester& requester,
                                      std::string_view id) {
  return services.database.read([&](db::Session& session) -> Result<StagedRelease> {
    auto release = find_staged(session, id);
    if (!release) return release;
    const auto rights = requester.rights_to_read(release->candidate.package());
    if (!rights) return pass_on(rights);
    return find_staged_for(session, id, *rights);
  });
}

Result<Published> approve_release(RegistryServices& services, const Requester& requester,
                                  const StagedRelease& release) {
  const PublishCandidate& candidate = release.candidate;
  // What is published is what was staged, byte for byte, whatever happened to the disk meanwhile.
  if (const auto intact = services.blobs.verify(candidate.tarball.sha512); !intact) {
    return refuse(StageRefusal::tarball_changed,
                  "The stored tarball is not the one that was staged. Reject this release and "
                  "stage it again.",
                  intact.error().detail);
  }
  auto published = services.database.write([&](db::Session& session) -> Result<Published> {
    const Time now = services.clock.now();
    const auto rights = requester.rights_now(session, now);
    if (!rights) return pass_on(rights);
    const accounts::Person& approver = *requester.account().person;
    auto done = approve_staged(session, release.id, *rights, {approver.name, approver.email},
                               services.key, now);
    if (done) audit::append(session, record_of(requester, "stage.approve", release, now));
    return done;
  });
  if (published) services.cache.invalidate(candidate.name, published->package.revision);
  return published;
}

Result<void> reject_release(RegistryServices& services, const Requester& requester,
                            const StagedRelease& release) {
  return services.database.write([&](db::Session& session) -> Result<void> {
    const Time now = services.clock.now();
    const auto rights = requester.rights_now(session, now);
    if (!rights) return pass_on(rights);
    const auto done = reject_staged(session, release.id, *rights);
    if (!done) return pass_on(done);
    audit::append(session, record_of(requester, "stage.reject", release, now));
    return {};
  });
}

}  // namespace imp::registry
