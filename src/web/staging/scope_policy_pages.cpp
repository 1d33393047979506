#include <boost/json.hpp>

#include "registry/api/staging/stage_policy_changes.h"
#include "registry/staging/stage_life.h"
#include "web/frame/frames.h"
#include "web/frame/handlers.h"
#include "web/packages/governed.h"
#include "web/people/passkey_pages.h"
#include "web/routes.h"
#include "web/staging/stage_policy_forms.h"

namespace imp::web {

namespace {

std::string link_of(const registry::GovernedPlace& place) { return "/org/" + place.name; }

Result<http::Response> show_policy(const Visit& visit) {
  const auto found = governed(visit);
  if (!found) return pass_on(found);
  const registry::GovernedPlace& place = found->place;
  const auto factor = visit.services.accounts.second_factors.state(visit.person().id);
  if (!factor) return pass_on(factor);
  const auto organization = visit.services.accounts.organizations.by_id(place.id);
  if (!organization) return pass_on(organization);
  const auto policy = registry::scope_policy(visit.services.registry, place);
  if (!policy) return pass_on(policy);
  auto model = policy_fields(visit, place.organization, policy->policy);
  if (!model) return pass_on(model);
  (*model)["name"] = place.name;
  (*model)["policy_action"] = link_of(place) + "/releases";
  (*model)["display_name"] = organization->display_name;
  (*model)["tabs"] = organization_tabs(visit, *organization, "Releases");
  (*model)["text"] = policy->policy.text();
  (*model)["life"] = registry::life_text(policy->policy.life);
  (*model)["group"] = policy->group_name;
  (*model)["to_come"] = to_come_model(policy->to_come, visit.services.clock.now());
  Page page{.title = "Releases of " + organization->display_name,
            .content = "organization_releases",
            .model = std::move(*model)};
  add_factor(page, *factor);
  return show(visit, std::move(page));
}

Result<http::Response> change(const Visit& visit) {
  const auto found = governed_for(visit, "stage.policy");
  if (!found) return pass_on(found);
  const auto done = set_policy(visit, found->requester, found->place);
  if (!done) return pass_on(done);
  return http::see_other(link_of(found->place) + "/releases?done=policy");
}

}  // namespace

void add_scope_policy_pages(http::Router& router, WebServices& services) {
  add_page(router, services, "/org/{organization}/releases", Audience::signed_in, show_policy);
  add_form(router, services, "/org/{organization}/releases", Audience::signed_in, change,
           show_policy);
}

}  // namespace imp::web
