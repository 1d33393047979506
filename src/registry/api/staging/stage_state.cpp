#include "registry/api/staging/stage_state.h"

#include <algorithm>

#include "accounts/groups.h"
#include "accounts/organizations.h"
#include "accounts/people.h"
#include "registry/api/staging/possible_approvers.h"
#include "registry/packages/refusal.h"
#include "registry/packages/store.h"

namespace imp::registry {

namespace {

void warn_of_loosening(db::Session& session, std::string_view key, std::string_view what,
                       const WaitingSince& since, Time now, std::vector<std::string>& warnings) {
  for (const PolicyChange& change : PolicyHistory::of(session, key, since.change).since(since)) {
    if (change.given_up || !is_looser(change.after, change.before)) continue;
    const std::string when = change.from > now ? "from " + time_text(change.from) + " on" : "now";
    warnings.push_back(fmt::format(
        "{} loosened {} at {}: {} before, {} {}. What waited before still takes what it took.",
        change.person, what, time_text(change.at), change.before.text(), change.after.text(),
        when));
  }
}

/// Says which groups they are; false when one is no more.
bool name_groups(RegistryServices& services, const Package& package, StageState& state) {
  if (!package.owner) return true;
  std::vector<std::string> groups = state.policy.more_groups;
  if (!state.policy.group.empty()) groups.insert(groups.begin(), state.policy.group);
  bool complete = true;
  for (const std::string& id : groups) {
    const auto group = services.accounts.groups.by_id(*package.owner, id);
    if (!group) {
      state.warnings.emplace_back("The group that may approve is no more: nobody can.");
      complete = false;
      continue;
    }
    if (!state.group_name.empty()) state.group_name += " and ";
    state.group_name += group->name;
  }
  return complete;
}

/// Where fewer people may approve it than must: who waits for more would wait for nothing.
Result<void> warn_of_too_few(RegistryServices& services, const Package& package,
                             const StagedRelease& release, StageState& state) {
  const auto possible = possible_approvers(services, package, release, state.policy, state.needed);
  if (!possible) return pass_on(possible);
  if (*possible >= state.needed) return {};
  state.warnings.push_back(fmt::format(
      "{} must approve it, and {} may: it cannot be published unless more people are let in.",
      state.needed == 1 ? "1 person" : fmt::format("{} people", state.needed),
      *possible == 0 ? "nobody" : fmt::format("only {}", *possible)));
  return {};
}

}  // namespace

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

Result<StageState> stage_state(RegistryServices& services, const Package& package,
                               const StagedRelease* release) {
  auto state = services.database.read([&](db::Session& session) -> Result<StageState> {
    StageState now;
    const Time time = services.clock.now();
    now.policy = release ? binding_policy_since(session, package, release->waiting_since(), time)
                         : binding_policy(session, package, time);
    now.own = stage_policy(session, package.id, time);
    now.to_come = policy_to_come(session, package.id, time);
    if (package.owner) now.scope = stage_policy(session, scope_policy_key(*package.owner), time);
    if (!release) return now;
    now.needed = approvals_needed(now.policy, release->behind);
    const ApprovalRights rights = approval_rights(session, package.owner);
    const std::string& staged_with = release->candidate.tag;
    now.approvers = counted_approvals(session, *release, now.policy, rights, staged_with);
    for (const RecordedApproval& approval : approvals_of(session, release->id)) {
      if (approval.tag.empty() || approval.tag == staged_with) continue;
      now.other_approvals.push_back(
          fmt::format("{} approved it for the tag {}.", approval.person, approval.tag));
    }
    const WaitingSince since = release->waiting_since();
    warn_of_loosening(session, package.id, "the policy", since, time, now.warnings);
    if (package.owner) {
      warn_of_loosening(session, scope_policy_key(*package.owner), "the organisation's policy",
                        since, time, now.warnings);
    }
    return now;
  });
  if (!state) return state;
  const bool complete = name_groups(services, package, *state);
  if (!release || !complete) return state;
  if (const auto warned = warn_of_too_few(services, package, *release, *state); !warned) {
    return pass_on(warned);
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
  review.needed = state.needed;
  review.group_name = state.group_name;
  review.approvers = state.approvers;
  review.notes.insert(review.notes.end(), state.other_approvals.begin(),
                      state.other_approvals.end());
  review.warnings.insert(review.warnings.begin(), state.warnings.begin(), state.warnings.end());
}

}  // namespace imp::registry
