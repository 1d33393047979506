#include "web/staging/stage_policy_forms.h"

#include <boost/json.hpp>
#include <charconv>

#include "registry/api/refusals.h"
#include "registry/api/staging/stage_state.h"
#include "registry/staging/stage_life.h"
#include "web/frame/model.h"
#include "web/packages/governed.h"
#include "web/staging/release_model.h"

namespace imp::web {

namespace {

constexpr std::string_view kAction = "stage.policy";

registry::PolicyRequest policy_request(const Visit& visit) {
  registry::PolicyRequest wanted;
  const std::string approvals = visit.field("approvals");
  wanted.approvals = 0;
  std::from_chars(approvals.data(), approvals.data() + approvals.size(), wanted.approvals);
  wanted.different_person = visit.field("different_person") == "yes";
  wanted.passkeys_only = visit.field("passkeys_only") == "yes";
  wanted.group_name = visit.field("group");
  const std::string life = visit.field("expires_after");
  if (!life.empty()) wanted.life = registry::parse_life(life);
  return wanted;
}

}  // namespace

Result<boost::json::object> policy_fields(const Visit& visit,
                                          const std::optional<std::string>& organization,
                                          const registry::StagePolicy& policy) {
  // What was refused is shown as it was typed.
  const bool again = visit.problem != nullptr && !visit.field("approvals").empty();
  const registry::PolicyRequest typed = policy_request(visit);
  const std::int64_t number = again ? typed.approvals : policy.approvals;
  boost::json::array approvals, groups;
  for (std::int64_t n = 1; n <= registry::kMostApprovals; ++n) {
    approvals.push_back({{"value", n}, {"selected", n == number}});
  }
  if (organization) {
    const auto list = visit.services.accounts.groups.list(*organization);
    if (!list) return pass_on(list);
    for (const accounts::Group& group : *list) {
      const bool selected = again ? group.name == typed.group_name : group.id == policy.group;
      groups.push_back({{"name", group.name}, {"selected", selected}});
    }
  }
  return boost::json::object{
      {"changing", again},
      {"approvals", std::move(approvals)},
      {"different", again ? typed.different_person : policy.different_person},
      {"passkeys_only", again ? typed.passkeys_only : policy.passkeys_only},
      {"expires_after", again ? visit.field("expires_after") : registry::short_text(policy.life)},
      {"has_groups", !groups.empty()},
      {"groups", std::move(groups)}};
}

boost::json::value to_come_model(const std::optional<registry::PolicyToCome>& next, Time now) {
  if (!next) return false;
  boost::json::object model = time_model(next->from, now);
  model["text"] = next->policy.text();
  return model;
}

Result<boost::json::object> policy_model(const Visit& visit, const PackageView& view) {
  const registry::Package& package = view.package.package;
  const auto state = registry::stage_state(visit.services.registry, package);
  if (!state) return pass_on(state);
  boost::json::object model{
      {"text", state->policy.text()},
      {"life", registry::life_text(state->policy.life)},
      {"group", state->group_name},
      {"scope", state->scope && *state->scope != registry::StagePolicy() ? state->scope->text()
                                                                         : std::string()},
      {"governs", view.governs},
      {"policy_action", package_link(view.name.text()) + "/staged/policy"},
      {"to_come", to_come_model(state->to_come, visit.services.clock.now())},
      {"warnings", texts_model(state->warnings)}};
  if (!model["governs"].as_bool()) return model;
  // The form suggests what binds: less than the organisation wants is refused.
  auto fields = policy_fields(visit, package.owner, state->policy);
  if (!fields) return pass_on(fields);
  for (auto& member : *fields) model[member.key()] = std::move(member.value());
  return model;
}

Result<void> set_policy(const Visit& visit, const registry::Requester& requester,
                        const registry::GovernedPlace& place) {
  auto& services = visit.services.registry;
  const auto carry = [&]() -> Result<void> {
    const auto confirmed = confirm(visit, {.action = std::string(kAction), .subject = place.name},
                                   accounts::WithoutFactor::refuse);
    if (!confirmed) return pass_on(confirmed);
    const auto done = registry::set_stage_policy(services, requester, place, policy_request(visit));
    if (!done) return pass_on(done);
    return {};
  };
  auto done = carry();
  if (!done) {
    registry::record_refusal(services, &requester, kAction, place.subject(), done.error());
  }
  return done;
}

Result<http::Response> change_policy(const Visit& visit) {
  const auto by = governed_for(visit, kAction);
  if (!by) return pass_on(by);
  if (const auto done = set_policy(visit, by->requester, by->place); !done) return pass_on(done);
  return http::see_other(package_link(by->place.name) + "/staged?done=policy");
}

}  // namespace imp::web
