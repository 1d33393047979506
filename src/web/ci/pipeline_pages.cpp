#include <boost/json.hpp>

#include "base/encoding.h"
#include "web/ci/ci_view.h"
#include "web/frame/frames.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr std::size_t kShown = 20;
constexpr std::size_t kRevisionShown = 10;  // characters of a commit's name
// How often an open page looks again, while something runs and otherwise.
constexpr std::chrono::seconds kSoon{2}, kLater{5};

boost::json::object workflow_model(const ci::WorkflowView& view, Time now) {
  boost::json::array jobs;
  for (const ci::Job& job : view.jobs) {
    const bool approval = job.type == ci::config::JobType::approval;
    jobs.push_back({{"job", job.name},
                    {"link", (approval ? "/workflow/" + view.workflow.id : "/job/" + job.id)},
                    {"status", status_text(ci::name(job.status))},
                    {"tone", tone_of(ci::name(job.status))}});
  }
  const std::string_view status = ci::name(view.workflow.status);
  return {{"id", view.workflow.id},
          {"workflow", view.workflow.name},
          {"status", status_text(status)},
          {"tone", tone_of(status)},
          {"took", took_text(view.workflow.created, view.workflow.stopped, now)},
          {"jobs", std::move(jobs)}};
}

boost::json::object pipeline_model(const ci::PipelineView& view, std::string_view project,
                                   Time now) {
  const ci::Pipeline& pipeline = view.pipeline;
  boost::json::array workflows;
  for (const ci::WorkflowView& workflow : view.workflows) {
    workflows.push_back(workflow_model(workflow, now));
  }
  return {{"project", project},
          {"project_id", pipeline.project_id},
          {"number", pipeline.number},
          {"ref", ref_text(pipeline)},
          {"fork", pipeline.from_fork},
          {"subject", pipeline.commit_subject},
          {"event", pipeline.event_name},
          {"actor", pipeline.actor_name},
          {"created", time_model(pipeline.created, now)},
          {"revision", pipeline.revision.substr(0, kRevisionShown)},
          {"definition", pipeline.definition_name},
          {"config_path", pipeline.config_path},
          {"errored", pipeline.state == ci::PipelineState::errored},
          {"pending", pipeline.state == ci::PipelineState::pending},
          {"errors", pipeline.errors},
          {"warnings", pipeline.warnings},
          {"workflows", std::move(workflows)}};
}

/// The list's part of a page. `names` are of projects, by id; empty on a project's own page.
Result<void> add_pipelines(const Visit& visit, ci::PipelineQuery query,
                           const std::map<std::string, std::string>& names, const std::string& base,
                           boost::json::object& model) {
  query.branch = visit.query("branch");
  query.before_id = visit.query("before");
  query.limit = kShown;
  const auto pipelines = visit.services.pipelines.reader.list(query);
  if (!pipelines) return pass_on(pipelines);
  boost::json::array items;
  bool moving = false;
  for (const ci::PipelineView& view : *pipelines) {
    moving |= view.pipeline.state == ci::PipelineState::pending;
    for (const ci::WorkflowView& workflow : view.workflows) {
      const ci::WorkflowStatus status = workflow.workflow.status;
      moving |= !ci::has_ended(status) && status != ci::WorkflowStatus::on_hold;
    }
    const auto name = names.find(view.pipeline.project_id);
    items.push_back(
        pipeline_model(view, name == names.end() ? "" : name->second, visit.services.clock.now()));
  }
  model["base"] = base;
  model["page"] = visit.here(base);
  model["every"] = std::to_string((moving ? kSoon : kLater).count());
  model["branch"] = query.branch;
  model["pipelines"] = std::move(items);
  model["older"] = pipelines->size() < kShown
                       ? std::string()
                       : fmt::format("{}?branch={}&before={}", base, percent_encode(query.branch),
                                     pipelines->back().pipeline.id);
  return {};
}

Result<http::Response> show_of_organization(const Visit& visit) {
  const auto organization = ci::organization_for_member(visit.call(), visit.param("organization"));
  if (!organization) return pass_on(organization);
  const auto projects = visit.services.ci.projects.list(organization->id);
  if (!projects) return pass_on(projects);
  std::map<std::string, std::string> names;
  for (const ci::Project& project : *projects) names[project.id] = project.name;
  boost::json::object model{{"heading", organization->display_name},
                            {"tabs", organization_tabs(visit, *organization, "Pipelines")}};
  const auto added = add_pipelines(visit, {.organization_id = organization->id}, names,
                                   "/pipelines/" + organization->name, model);
  if (!added) return pass_on(added);
  return show(visit, {.title = "Pipelines of " + organization->display_name,
                      .content = "pipelines",
                      .model = std::move(model),
                      .scripts = {"live.js"}});
}

Result<http::Response> show_of_project(const Visit& visit) {
  const auto project = ci::project_for_member(visit.call());
  if (!project) return pass_on(project);
  const auto organization = visit.services.accounts.organizations.by_id(project->organization_id);
  if (!organization) return pass_on(organization);
  const auto definitions = visit.services.ci.definitions.list(project->id);
  if (!definitions) return pass_on(definitions);
  boost::json::array choices;
  for (const ci::PipelineDefinition& definition : *definitions) {
    choices.push_back({{"value", definition.id},
                       {"text", definition.name},
                       {"selected", definition.id == visit.field("definition")}});
  }
  boost::json::object model{
      {"heading", project->name},
      {"tabs", project_tabs(*project, "Pipelines")},
      {"runnable", project->hosted},
      {"problem_shown", visit.problem != nullptr},
      {"definitions", std::move(choices)},
      {"run_branch", visit.problem ? visit.field("branch") : project->default_branch}};
  const auto added =
      add_pipelines(visit, {.project_id = project->id}, {}, "/project/" + project->id, model);
  if (!added) return pass_on(added);
  return show(visit, {.title = project->name,
                      .content = "pipelines",
                      .model = std::move(model),
                      .trail = organization_trail(*organization),
                      .scripts = {"live.js"}});
}

Result<http::Response> run(const Visit& visit) {
  const auto project = ci::project_for_member(visit.call());
  if (!project) return pass_on(project);
  const ci::RefChoice branch{.branch = visit.field("branch")};
  const auto pipeline = visit.services.pipelines.triggers.run(
      *project, {.definition_id = visit.field("definition"), .config = branch, .checkout = branch},
      visit.actor());
  if (!pipeline) return pass_on(pipeline);
  return http::see_other("/project/" + project->id);
}

}  // namespace

void add_pipeline_pages(http::Router& router, WebServices& services) {
  constexpr Audience people = Audience::signed_in;
  add_page(router, services, "/pipelines/{organization}", people, show_of_organization);
  add_page(router, services, "/project/{project_id}", people, show_of_project);
  add_form(router, services, "/project/{project_id}/run", people, run, show_of_project,
           http::Pool::program);
}

}  // namespace imp::web
