#include <boost/json.hpp>

#include "base/encoding.h"
#include "web/frame/frames.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr std::size_t kShown = 50;
// How often an open page looks again, while something is being deployed and otherwise.
constexpr std::chrono::seconds kSoon{2}, kLater{5};
constexpr std::chrono::hours kForgotten{1};  // planned, and nothing more is heard of it
constexpr std::string_view kPlainNamespace = "default";

/// The namespace where it says something.
std::string shown_namespace(const std::string& name) {
  return name == kPlainNamespace ? std::string() : name;
}

boost::json::object deployment_model(const ci::Deployment& deployment, Time now) {
  const bool logged = deployment.status == ci::DeployStatus::logged;
  const std::string_view status = logged ? "logged" : ci::name(deployment.status);
  return {{"when", time_model(deployment.created, now)},
          {"took", deployment.ended ? duration_text(*deployment.ended - deployment.created) : ""},
          {"deploy_name", deployment.name == kPlainNamespace ? "" : deployment.name},
          {"component", deployment.component_name},
          {"environment", deployment.environment_name},
          {"namespace", shown_namespace(deployment.namespace_name)},
          {"version", deployment.target_version},
          {"previous", deployment.previous_version},
          {"rollback", deployment.rollback},
          {"status", status_text(status)},
          {"tone", tone_of(status)},
          {"failure", deployment.failure_reason},
          {"workflow", deployment.workflow_id},
          {"job", deployment.job_id},
          {"job_number", deployment.job_number}};
}

/// Each component's live version in each environment.
Result<boost::json::array> live_model(const Visit& visit, const std::string& organization_id,
                                      const std::vector<ci::DeployEnvironment>& environments) {
  const auto& deploys = visit.services.ci.deploys;
  const auto components = deploys.components(organization_id, "", "");
  if (!components) return pass_on(components);
  boost::json::array items;
  for (const ci::DeployComponent& component : *components) {
    const auto versions = deploys.versions(component.id);
    if (!versions) return pass_on(versions);
    for (const ci::DeployVersion& version : *versions) {
      if (!version.live) continue;
      const auto environment =
          std::ranges::find(environments, version.environment_id, &ci::DeployEnvironment::id);
      items.push_back({{"component", component.name},
                       {"environment", environment == environments.end() ? "" : environment->name},
                       {"namespace", shown_namespace(version.namespace_name)},
                       {"version", version.name},
                       {"workflow", version.workflow_id},
                       {"when", time_model(version.last_deployed, visit.services.clock.now())}});
    }
  }
  return items;
}

Result<http::Response> show_deploys(const Visit& visit) {
  const auto organization = ci::organization_for_member(visit.call(), visit.param("organization"));
  if (!organization) return pass_on(organization);
  const auto& deploys = visit.services.ci.deploys;
  const std::string chosen = visit.query("environment");
  const auto deployments = deploys.deployments({.organization_id = organization->id,
                                                .environment_id = chosen,
                                                .before_id = visit.query("before"),
                                                .limit = kShown});
  if (!deployments) return pass_on(deployments);
  const auto environments = deploys.environments(organization->id);
  if (!environments) return pass_on(environments);
  auto live = live_model(visit, organization->id, *environments);
  if (!live) return pass_on(live);
  boost::json::array items, choices;
  bool moving = false;
  for (const ci::Deployment& deployment : *deployments) {
    moving |= !deployment.ended && visit.services.clock.now() - deployment.created < kForgotten;
    items.push_back(deployment_model(deployment, visit.services.clock.now()));
  }
  for (const ci::DeployEnvironment& environment : *environments) {
    choices.push_back({{"value", environment.id},
                       {"text", environment.name},
                       {"selected", environment.id == chosen}});
  }
  std::string older;
  if (deployments->size() == kShown) {
    older = fmt::format("/deploys/{}?environment={}&before={}", organization->name,
                        percent_encode(chosen), deployments->back().id);
  }
  return show(visit, {.title = "Deploys of " + organization->display_name,
                      .content = "deploys",
                      .model = {{"display_name", organization->display_name},
                                {"name", organization->name},
                                {"page", visit.request.target},
                                {"every", std::to_string((moving ? kSoon : kLater).count())},
                                {"tabs", organization_tabs(visit, *organization, "Deploys")},
                                {"live", std::move(*live)},
                                {"environments", std::move(choices)},
                                {"deployments", std::move(items)},
                                {"older", older}},
                      .scripts = {"live.js"}});
}

}  // namespace

void add_deploy_pages(http::Router& router, WebServices& services) {
  add_page(router, services, "/deploys/{organization}", Audience::signed_in, show_deploys);
}

}  // namespace imp::web
