#include "registry/api/staging/stage_policy_changes.h"

#include <boost/json.hpp>

#include "accounts/groups.h"
#include "audit/log.h"
#include "registry/api/change_subject.h"
#include "registry/api/news/told_people.h"
#include "registry/staging/stage_life.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {

namespace {

/// The policy that is asked for, with its group looked up.
Result<StagePolicy> policy_of(RegistryServices& services, const GovernedPlace& place,
                              const PolicyRequest& wanted) {
  if (wanted.approvals < 1 || wanted.approvals > kMostApprovals) {
    return refuse(StageRefusal::invalid_stage_policy,
                  fmt::format("\"approvals\" must be a number from 1 to {}.", kMostApprovals));
  }
  if (!wanted.life) {
    return refuse(StageRefusal::invalid_stage_policy,
                  fmt::format("\"expiresAfter\" must be {}.", allowed_lives()));
  }
  StagePolicy policy{.approvals = wanted.approvals,
                     .different_person = wanted.different_person,
                     .group = {},
                     .passkeys_only = wanted.passkeys_only,
                     .life = *wanted.life};
  if (wanted.group_name.empty()) return policy;
  if (place.organization) {
    const auto group = services.accounts.groups.by_name(*place.organization, wanted.group_name);
    if (group) {
      policy.group = group->id;
      return policy;
    }
    if (group.error().kind() != FailureKind::not_found) return pass_on(group);
  }
  return refuse(
      StageRefusal::invalid_stage_policy,
      fmt::format("\"group\" must name a group of the organisation that owns the scope of "
                  "{}; there is no \"{}\".",
                  place.name, wanted.group_name));
}

std::string key_of(const GovernedPlace& place) {
  return place.kind == GovernedPlace::Kind::package ? place.id : scope_policy_key(place.id);
}

/// The policy of the organisation that owns a package, where it has set one.
std::optional<StagePolicy> policy_above(db::Session& session, const GovernedPlace& place,
                                        Time now) {
  if (place.kind != GovernedPlace::Kind::package || !place.organization) return std::nullopt;
  return standing_policy(session, scope_policy_key(*place.organization), now);
}

/// A package's policy binds beside its organisation's, so a looser one would say what is not so.
Result<void> check_scope(const std::optional<StagePolicy>& scope, const StagePolicy& policy) {
  if (!scope) return {};
  // A group of the package's own adds to the organisation's, which stays asked.
  StagePolicy but_for_group = *scope;
  but_for_group.group.clear();
  if (!is_looser(policy, but_for_group)) return {};
  return refuse(
      StageRefusal::invalid_stage_policy,
      fmt::format("A package's policy may only be stricter than its organisation's, which "
                  "wants {}{}.",
                  scope->text(),
                  policy.life > scope->life && scope->life == kStageLife
                      ? ", within " + life_text(kStageLife)
                      : std::string()));
}

/// As if nobody had ever set it: a package then has the organisation's time.
StagePolicy unset_policy(const std::optional<StagePolicy>& above) {
  StagePolicy unset;
  if (above) unset.life = above->life;
  return unset;
}

/// Sets the policy, and writes it down when that is a change.
void put_policy(db::Session& session, RegistryServices& services, const Requester& requester,
                const GovernedPlace& place, const StagePolicy& policy, const StagePolicy& unset,
                const std::string& person, Time now) {
  const auto change =
      change_policy(session, key_of(place), policy, person, now, services.switch_cool_down, unset);
  if (!change) return;
  audit::Record record = requester.audit_record("stage.policy", place.subject(), now);
  record.organization = place.organization;
  record.detail = {{"before", change->before.to_json()},
                   {"after", change->after.to_json()},
                   {"looser", is_looser(change->after, change->before)},
                   {"from", iso8601(change->from)},
                   {"text", change->after.text()},
                   {"text_before", change->before.text()}};
  audit::append(session, record);
  tell_governors(session, record);
}

}  // namespace

Result<std::string> policy_subject(RegistryServices& services, const GovernedPlace& place,
                                   const std::optional<PolicyRequest>& wanted) {
  const auto policy = wanted ? policy_of(services, place, *wanted) : StagePolicy();
  if (!policy) return pass_on(policy);
  return services.database.read([&](db::Session& session) -> Result<std::string> {
    const Time now = services.clock.now();
    const StagePolicy unset = unset_policy(policy_above(session, place, now));
    const StagePolicy before = standing_policy(session, key_of(place), now).value_or(unset);
    const StagePolicy& after = wanted ? *policy : unset;
    const std::string_view direction = after == before            ? "as it is now"
                                       : is_looser(after, before) ? "looser than now"
                                                                  : "stricter than now";
    const std::string group = wanted && !wanted->group_name.empty()
                                  ? fmt::format(" ({})", wanted->group_name)
                                  : std::string();
    return change_subject(place.name, fmt::format("{}{}, {}{}", wanted ? "" : "taken back, ",
                                                  direction, after.text(), group));
  });
}

Result<StagePolicy> set_stage_policy(RegistryServices& services, const Requester& requester,
                                     const GovernedPlace& place, const PolicyRequest& wanted) {
  const auto policy = policy_of(services, place, wanted);
  if (!policy) return pass_on(policy);
  return services.database.write([&](db::Session& session) -> Result<StagePolicy> {
    const Time now = services.clock.now();
    const auto rights = still_governs(session, requester, place, now);
    if (!rights) return pass_on(rights);
    const auto above = policy_above(session, place, now);
    if (const auto stricter = check_scope(above, *policy); !stricter) return pass_on(stricter);
    put_policy(session, services, requester, place, *policy, unset_policy(above), rights->person,
               now);
    return policy;
  });
}

Result<void> clear_stage_policy(RegistryServices& services, const Requester& requester,
                                const GovernedPlace& place) {
  return services.database.write([&](db::Session& session) -> Result<void> {
    const Time now = services.clock.now();
    const auto rights = still_governs(session, requester, place, now);
    if (!rights) return pass_on(rights);
    if (!standing_policy(session, key_of(place), now)) return {};
    const StagePolicy unset = unset_policy(policy_above(session, place, now));
    put_policy(session, services, requester, place, unset, unset, rights->person, now);
    return {};
  });
}

Result<ScopePolicy> scope_policy(RegistryServices& services, const GovernedPlace& place) {
  auto found = services.database.read([&](db::Session& session) -> Result<ScopePolicy> {
    const Time now = services.clock.now();
    const std::string key = scope_policy_key(place.id);
    return ScopePolicy{stage_policy(session, key, now), {}, policy_to_come(session, key, now)};
  });
  if (!found || found->policy.group.empty()) return found;
  const auto group = services.accounts.groups.by_id(place.id, found->policy.group);
  if (group) found->group_name = group->name;
  return found;
}

}  // namespace imp::registry
