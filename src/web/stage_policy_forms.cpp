#include "web/stage_policy_forms.h"

#include <boost/json.hpp>
#include <charconv>

#include "registry/api/refusals.h"
#include "registry/api/stage_policy_changes.h"
#include "registry/api/stage_state.h"
#include "registry/api/trust_changes.h"
#include "web/model.h"
#include "web/release_model.h"

namespace imp::web {

Result<boost::json::object> policy_model(const Visit& visit, const PackageView& view) {
  auto& services = visit.services.registry;
  const registry::Package& package = view.package.package;
  const auto state = registry::stage_state(services, package);
  if (!state) return pass_on(state);
  const bool governs = registry::may_administer(view.requester.rights(), view.package.access());
  boost::json::array approvals, groups;
  for (std::int64_t n = 1; n <= registry::kMostApprovals; ++n) {
    approvals.push_back({{"value", n}, {"selected", n == state->policy.approvals}});
  }
  if (package.owner && governs) {
    const auto list = visit.services.accounts.groups.list(*package.owner);
    if (!list) return pass_on(list);
    for (const accounts::Group& group : *list) {
      groups.push_back({{"name", group.name}, {"selected", group.name == state->group_name}});
    }
  }
  return boost::json::object{{"text", state->policy.text()},
                             {"group", state->group_name},
                             {"governs", governs},
                             {"approvals", std::move(approvals)},
                             {"different", state->policy.different_person},
                             {"has_groups", !groups.empty()},
                             {"groups", std::move(groups)},
                             {"warnings", texts_model(state->warnings)}};
}

Result<http::Response> change_policy(const Visit& visit) {
  const auto view = package_view(visit);
  if (!view) return pass_on(view);
  auto& services = visit.services.registry;
  registry::PolicyRequest wanted;
  const std::string approvals = visit.field("approvals");
  wanted.approvals = 0;
  std::from_chars(approvals.data(), approvals.data() + approvals.size(), wanted.approvals);
  wanted.different_person = visit.field("different_person") == "yes";
  wanted.group_name = visit.field("group");
  const auto carry = [&]() -> Result<void> {
    const auto governed = registry::governed_package(services, view->requester, view->name);
    if (!governed) return pass_on(governed);
    const auto confirmed = confirm(visit, {.action = "stage.policy", .subject = view->name.text()},
                                   accounts::WithoutFactor::refuse);
    if (!confirmed) return pass_on(confirmed);
    const auto done = registry::set_stage_policy(services, view->requester, view->name, wanted);
    if (!done) return pass_on(done);
    return {};
  };
  if (const auto done = carry(); !done) {
    registry::record_refusal(services, &view->requester, "stage.policy",
                             "package:" + view->name.text(), done.error());
    return pass_on(done);
  }
  return http::see_other(package_link(view->name.text()) + "/staged?done=policy");
}

}  // namespace imp::web
