#include "registry/api/stage_decisions.h"

#include <algorithm>
#include <boost/json.hpp>

#include "accounts/groups.h"
#include "accounts/organizations.h"
#include "accounts/people.h"
#include "audit/log.h"
#include "registry/api/trust_changes.h"
#include "registry/packages/refusal.h"
#include "registry/packages/store.h"
#include "registry/publish/package_change.h"

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

/// People's rights to one package as they are now, inside the transaction that counts approvals.
ApprovalRights approval_rights(db::Session& session, const std::optional<std::string>& owner) {
  ApprovalRights rights;
  rights.caller = [&session, owner](const std::string& name) {
    Caller caller;
    const auto person = accounts::find_person_by_name(session, name);
    if (!person) return caller;
    caller.person = person->name;
    const auto role = owner ? accounts::role_of(session, *owner, person->id) : std::nullopt;
    if (role) caller.organizations.push_back({*owner, *role == accounts::Role::admin});
    return caller;
  };
  rights.in_group = [&session, owner](const std::string& name, const std::string& group) {
    const auto person = accounts::find_person_by_name(session, name);
    if (!person || !owner) return false;
    const auto groups = accounts::group_ids_of(session, *owner, person->id);
    return std::ranges::find(groups, group) != groups.end();
  };
  return rights;
}

std::optional<std::string> owner_of(db::Session& session, const StagedRelease& release) {
  const auto package = find_package(session, release.candidate.name);
  return package ? package->owner : std::nullopt;
}

/// The policy that is asked for, with its team looked up.
Result<StagePolicy> policy_of(RegistryServices& services, const Package& package,
                              const PolicyRequest& wanted) {
  if (wanted.approvals < 1 || wanted.approvals > kMostApprovals) {
    return refuse(StageRefusal::invalid_stage_policy,
                  fmt::format("\"approvals\" must be a number from 1 to {}.", kMostApprovals));
  }
  StagePolicy policy{wanted.approvals, wanted.different_person, {}};
  if (wanted.group_name.empty()) return policy;
  if (package.owner) {
    const auto group = services.accounts.groups.by_name(*package.owner, wanted.group_name);
    if (group) {
      policy.group = group->id;
      return policy;
    }
    if (group.error().kind() != FailureKind::not_found) return pass_on(group);
  }
  return refuse(StageRefusal::invalid_stage_policy,
                fmt::format("\"group\" must name a team of the organisation that owns the scope of "
                            "{}; there is no \"{}\".",
                            package.name, wanted.group_name));
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

Result<StageState> stage_state(RegistryServices& services, const Package& package,
                               const StagedRelease* release) {
  auto state = services.database.read([&](db::Session& session) -> Result<StageState> {
    StageState now;
    now.policy = stage_policy(session, package.id);
    if (!release) return now;
    now.approvers =
        counted_approvals(session, *release, now.policy, approval_rights(session, package.owner));
    for (const PolicyChange& change : loosened_since(session, package.id, release->created)) {
      now.warnings.push_back(fmt::format("{} loosened the policy at {}: {} before, {} now.",
                                         change.person, iso8601(change.at), change.before.text(),
                                         change.after.text()));
    }
    if (now.policy.different_person && release->behind.empty()) {
      now.warnings.emplace_back(
          "Who started the run is not known, so the policy cannot tell whether you did.");
    }
    return now;
  });
  if (!state || state->policy.group.empty() || !package.owner) return state;
  const auto group = services.accounts.groups.by_id(*package.owner, state->policy.group);
  if (group) {
    state->group_name = group->name;
  } else {
    state->warnings.emplace_back("The team that may approve is no more: nobody can.");
  }
  return state;
}

Result<StageState> stage_state(RegistryServices& services, const StagedRelease& release) {
  const auto package = services.database.read([&](db::Session& session) -> Result<Package> {
    auto found = find_package(session, release.candidate.name);
    if (found) return std::move(*found);
    return refuse(PackageRefusal::package_not_found, "The package is no more.");
  });
  if (!package) return pass_on(package);
  return stage_state(services, *package, &release);
}

void add_state(ReleaseReview& review, const StageState& state) {
  review.policy = state.policy;
  review.group_name = state.group_name;
  review.approvers = state.approvers;
  review.warnings.insert(review.warnings.begin(), state.warnings.begin(), state.warnings.end());
}

Result<StagePolicy> set_stage_policy(RegistryServices& services, const Requester& requester,
                                     const PackageName& name, const PolicyRequest& wanted) {
  const auto found = governed_package(services, requester, name);
  if (!found) return pass_on(found);
  const auto policy = policy_of(services, *found, wanted);
  if (!policy) return pass_on(policy);
  return services.database.write([&](db::Session& session) -> Result<StagePolicy> {
    const Time now = services.clock.now();
    const auto rights = requester.rights_now(session, now);
    if (!rights) return pass_on(rights);
    const auto package = open_for_change(session, name, *rights, ChangeOf::administration);
    if (!package) return pass_on(package);
    const auto change = change_policy(session, package->id, *policy, rights->person, now);
    if (!change) return policy;
    audit::Record record = requester.audit_record("stage.policy", "package:" + name.text(), now);
    record.organization = package->owner;
    record.detail = {{"before", change->before.to_json()},
                     {"after", change->after.to_json()},
                     {"looser", is_looser(change->after, change->before)}};
    audit::append(session, record);
    return policy;
  });
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
