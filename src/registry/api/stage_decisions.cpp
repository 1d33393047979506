#include "registry/api/stage_decisions.h"

#include <boost/json.hpp>

#include "accounts/people.h"
#include "audit/log.h"
#include "registry/api/stage_state.h"
#include "registry/packages/store.h"

namespace imp::registry {

namespace {

std::string subject_of(const StagedRelease& release) {
  return "package:" + release.candidate.name + "@" + release.candidate.version;
}

boost::json::object detail_of(const StagedRelease& release) {
  return {{"stage", release.id},
          {"integrity", release.candidate.tarball.integrity},
          {"run", release.run}};
}

audit::Record record_of(db::Session& session, const Requester& requester, std::string_view action,
                        const StagedRelease& release, Time now) {
  audit::Record record = requester.audit_record(action, subject_of(release), now);
  record.organization = scope_owner(session, release.candidate.package());
  record.detail = detail_of(release);
  return record;
}

std::optional<std::string> owner_of(db::Session& session, const StagedRelease& release) {
  const auto package = find_package(session, release.candidate.name);
  return package ? package->owner : std::nullopt;
}

}  // namespace

std::string person_behind(db::Session& session, RegistryServices& services,
                          const Requester& requester) {
  if (!requester.publish_token()) {
    return requester.account().signed_in() ? requester.account().person->name : std::string();
  }
  const boost::json::object& run = requester.publish_token()->run;
  const auto text = [&](std::string_view key) {
    const boost::json::value* value = run.if_contains(key);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
  };
  const auto issuer = services.issuers.find(text("iss"));
  if (!issuer || !issuer->issuer || issuer->issuer->id != services.own_issuer) return {};
  // "org/…/project/…/user/<id>", with more behind it in the second form.
  std::string_view subject = text("sub");
  constexpr std::string_view kUser = "/user/";
  const std::size_t at = subject.find(kUser);
  if (at == std::string_view::npos) return {};
  subject.remove_prefix(at + kUser.size());
  const auto person = accounts::find_person(session, subject.substr(0, subject.find('/')));
  return person ? person->name : std::string();
}

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

Result<Approval> approve_release(RegistryServices& services, const Requester& requester,
                                 const StagedRelease& release) {
  const PublishCandidate& candidate = release.candidate;
  // What is published is what was staged, byte for byte, whatever happened to the disk meanwhile.
  if (const auto intact = services.blobs.verify(candidate.tarball.sha512); !intact) {
    return refuse(StageRefusal::tarball_changed,
                  "The stored tarball is not the one that was staged. Reject this release and "
                  "stage it again.",
                  intact.error().detail);
  }
  auto approval = services.database.write([&](db::Session& session) -> Result<Approval> {
    const Time now = services.clock.now();
    const auto rights = requester.rights_now(session, now);
    if (!rights) return pass_on(rights);
    const accounts::Person& approver = *requester.account().person;
    auto done =
        approve_staged(session, release.id, *rights, {approver.name, approver.email},
                       approval_rights(session, owner_of(session, release)), services.key, now);
    if (!done) return done;
    audit::Record record = record_of(session, requester, "stage.approve", release, now);
    record.detail["approvers"] = boost::json::value_from(done->approvers);
    record.detail["needed"] = done->policy.approvals;
    record.detail["published"] = done->published.has_value();
    audit::append(session, record);
    return done;
  });
  if (approval && approval->published) {
    services.cache.invalidate(candidate.name, approval->published->package.revision);
  }
  return approval;
}

std::string approval_text(const StagedRelease& release, const Approval& approval) {
  const PublishCandidate& it = release.candidate;
  if (approval.published) return fmt::format("{}@{} is published.", it.name, it.version);
  return fmt::format(
      "Your approval of {}@{} is recorded. It is not published yet: {} of {} approvals, {} more "
      "needed from other people.",
      it.name, it.version, approval.approvers.size(), approval.policy.approvals,
      approval.missing());
}

Result<void> reject_release(RegistryServices& services, const Requester& requester,
                            const StagedRelease& release) {
  return services.database.write([&](db::Session& session) -> Result<void> {
    const Time now = services.clock.now();
    const auto rights = requester.rights_now(session, now);
    if (!rights) return pass_on(rights);
    const auto done = reject_staged(session, release.id, *rights);
    if (!done) return pass_on(done);
    audit::append(session, record_of(session, requester, "stage.reject", release, now));
    return {};
  });
}

Result<void> expire_releases(RegistryServices& services) {
  constexpr std::int64_t kAtOnce = 100;  // so that a publish need not wait for all of them
  while (true) {
    // Most rounds have nothing to do, and then nothing is written.
    const auto due = services.database.read([&](db::Session& session) -> Result<bool> {
      return any_expired(session, services.clock.now());
    });
    if (!due) return pass_on(due);
    if (!*due) return {};
    const auto done = services.database.write([&](db::Session& session) -> Result<void> {
      const Time now = services.clock.now();
      const auto taken = take_expired(session, now, kAtOnce, services.log);
      if (!taken) return pass_on(taken);
      for (const StagedRelease& release : *taken) {
        audit::Record record;
        record.at = now;
        record.actor = "system";
        record.action = "stage.expire";
        record.subject = subject_of(release);
        record.outcome = "granted";
        record.organization = scope_owner(session, release.candidate.package());
        record.detail = detail_of(release);
        audit::append(session, record);
      }
      return {};
    });
    if (!done) return done;
  }
}

}  // namespace imp::registry
