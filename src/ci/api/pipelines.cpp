#include <fmt/format.h>

#include <boost/json.hpp>

#include "ci/api/engine_routes.h"
#include "ci/api/page.h"
#include "ci/api/workflow_json.h"
#include "ci/expressions/characters.h"
#include "ci/pipelines/pipeline_facts.h"
#include "ci/pipelines/refusal.h"

namespace imp::ci {
namespace {

namespace json = boost::json;

/// CircleCI's limits.
constexpr std::size_t parameters_limit = 100;
constexpr std::size_t parameter_name_limit = 128, parameter_value_limit = 512;  ///< characters

Failure hidden_pipeline() {
  return refuse(PipelineRefusal::pipeline_not_found, "There is no such pipeline.").error();
}

json::object trigger_json(const Pipeline& pipeline) {
  return {{"type", pipeline.event_name == "api" ? "api" : "webhook"},
          {"event", pipeline.event_name},
          {"received_at", iso8601(pipeline.created)},
          {"actor", {{"id", pipeline.actor_id}, {"login", pipeline.actor_name}}}};
}

json::object vcs_json(const Pipeline& pipeline, const Project& project, const Project& source) {
  json::object vcs{{"provider_name", "imprimatur"},
                   {"origin_repository_url", source.repository_url},
                   {"target_repository_url", project.repository_url},
                   {"vcs_origin", source.vcs_origin},
                   {"revision", pipeline.revision},
                   {"commit", {{"subject", pipeline.commit_subject}}}};
  vcs[pipeline.branch.empty() ? "tag" : "branch"] =
      pipeline.branch.empty() ? pipeline.tag : pipeline.branch;
  if (pipeline.pull_request > 0) vcs["pull_request"] = pipeline.pull_request;
  return vcs;
}

json::array problems(const std::string& text, std::string_view type) {
  json::array out;
  if (!text.empty()) out.push_back(json::object{{"type", type}, {"message", text}});
  return out;
}

Result<json::object> pipeline_json(const Call& call, const Pipeline& pipeline,
                                   const Project& project) {
  auto source = pipeline.source_project_id == project.id
                    ? Result<Project>(project)
                    : call.services.projects.find(pipeline.source_project_id);
  if (!source) return pass_on(source);
  return json::object{{"id", pipeline.id},
                      {"project_slug", project.slug},
                      {"number", pipeline.number},
                      {"definition_id", pipeline.definition_id},
                      {"state", name(pipeline.state)},
                      {"created_at", iso8601(pipeline.created)},
                      {"errors", problems(pipeline.errors, "config")},
                      {"warnings", problems(pipeline.warnings, "config")},
                      {"trigger", trigger_json(pipeline)},
                      {"vcs", vcs_json(pipeline, project, *source)}};
}

json::object summary(const Pipeline& pipeline) {
  return {{"id", pipeline.id},
          {"number", pipeline.number},
          {"state", name(pipeline.state)},
          {"created_at", iso8601(pipeline.created)}};
}

Result<RefChoice> ref_in(const json::object& body, std::string_view name) {
  const auto* value = body.if_contains(name);
  const auto* object = value ? value->if_object() : nullptr;
  if (!object) {
    return refuse(ApiRefusal::malformed_body,
                  fmt::format("\"{}\" in the request's body is an object with \"branch\" or "
                              "\"tag\".",
                              name));
  }
  for (const auto& member : *object) {
    if (member.key() == "branch" || member.key() == "tag") continue;
    // CircleCI's clients may send a configuration that is in no repository; to run another one than
    // was sent would be worse than to run none.
    return refuse(
        ApiRefusal::unsupported_setting,
        fmt::format("\"{}\" in the request's body has \"branch\" or \"tag\"; \"{}\" is not "
                    "supported.",
                    name, std::string_view(member.key())));
  }
  const auto branch = optional_text(*object, "branch");
  if (!branch) return pass_on(branch);
  const auto tag = optional_text(*object, "tag");
  if (!tag) return pass_on(tag);
  return RefChoice{branch->value_or(""), tag->value_or("")};
}

Result<config::Arguments> arguments_in(const json::object& body) {
  config::Arguments arguments;
  const auto* value = body.if_contains("parameters");
  if (!value || value->is_null()) return arguments;
  const auto* object = value->if_object();
  const auto malformed = [] {
    return refuse(ApiRefusal::malformed_body,
                  "\"parameters\" in the request's body is an object of strings, whole numbers and "
                  "booleans.");
  };
  if (!object) return malformed();
  if (object->size() > parameters_limit) {
    return refuse(ApiRefusal::invalid_parameter,
                  fmt::format("A pipeline takes at most {} parameters.", parameters_limit));
  }
  for (const auto& member : *object) {
    const std::string key(member.key());
    const auto* long_text = member.value().if_string();
    if (expr::count_characters(key) > parameter_name_limit ||
        (long_text && expr::count_characters(*long_text) > parameter_value_limit)) {
      return refuse(
          ApiRefusal::invalid_parameter,
          fmt::format("A parameter's name has at most {} characters, its value at most {}.",
                      parameter_name_limit, parameter_value_limit));
    }
    if (const auto* flag = member.value().if_bool()) {
      arguments[key] = *flag;
    } else if (const auto* number = member.value().if_int64()) {
      arguments[key] = *number;
    } else if (const auto* text = member.value().if_string()) {
      arguments[key] = std::string(*text);
    } else {
      return malformed();
    }
  }
  return arguments;
}

Result<http::Response> run_pipeline(const Call& call, Pipelines& pipelines) {
  const auto project = project_for_member(call);
  if (!project) return pass_on(project);
  const auto body = body_of(call);
  if (!body) return pass_on(body);
  const auto definition = required_text(*body, "definition_id");
  if (!definition) return pass_on(definition);
  const auto config = ref_in(*body, "config");
  if (!config) return pass_on(config);
  const auto checkout = ref_in(*body, "checkout");
  if (!checkout) return pass_on(checkout);
  const auto arguments = arguments_in(*body);
  if (!arguments) return pass_on(arguments);
  const auto pipeline = pipelines.triggers.run(
      *project, {*definition, *config, *checkout, *arguments}, call.caller.actor());
  if (!pipeline) return pass_on(pipeline);
  return http::json(201, summary(*pipeline));
}

/// The parent of a pull request: found by members, and by others only when it builds forks.
Result<Project> parent_project(const Call& call) {
  auto project = project_for_member(call);
  if (project || project.error().kind() != FailureKind::not_found) return project;
  const std::string slug = fmt::format("{}/{}/{}", call.param("provider"),
                                       call.param("organization"), call.param("project"));
  auto parent = call.services.projects.find_by_slug(slug);
  if (!parent || !parent->settings.build_fork_prs) return project;
  return parent;
}

Result<http::Response> open_pull_request(const Call& call, Pipelines& pipelines) {
  const auto parent = parent_project(call);
  if (!parent) return pass_on(parent);
  const auto body = body_of(call);
  if (!body) return pass_on(body);
  const auto fork_name = required_text(*body, "fork");
  if (!fork_name) return pass_on(fork_name);
  const auto branch = required_text(*body, "branch");
  if (!branch) return pass_on(branch);
  const auto found = call.services.projects.find_by_slug(*fork_name);
  if (!found) return pass_on(found);
  const auto fork =
      project_of(call, found->id,
                 refuse(ProjectRefusal::project_not_found, "There is no such project.").error());
  if (!fork) return pass_on(fork);
  const auto started =
      pipelines.triggers.pull_request(*parent, *fork, *branch, call.caller.actor());
  if (!started) return pass_on(started);
  json::array items;
  for (const Pipeline& pipeline : *started) items.push_back(summary(pipeline));
  const std::int64_t number = started->empty() ? 0 : started->front().pull_request;
  return http::json(201, json::object{{"pull_request", number}, {"pipelines", std::move(items)}});
}

/// The pipeline of the path, when the caller belongs to its organisation.
struct PipelineCall {
  PipelineView view;
  Project project;
};
Result<PipelineCall> pipeline_for_member(const Call& call, Pipelines& pipelines) {
  auto view = pipelines.reader.pipeline(call.param("pipeline_id"));
  if (!view) return pass_on(view);
  auto project = project_of(call, view->pipeline.project_id, hidden_pipeline());
  if (!project) return pass_on(project);
  return PipelineCall{std::move(*view), std::move(*project)};
}

Result<http::Response> show_pipeline(const Call& call, Pipelines& pipelines) {
  const auto found = pipeline_for_member(call, pipelines);
  if (!found) return pass_on(found);
  const auto body = pipeline_json(call, found->view.pipeline, found->project);
  if (!body) return pass_on(body);
  return http::json(200, *body);
}

Result<http::Response> show_config(const Call& call, Pipelines& pipelines) {
  const auto found = pipeline_for_member(call, pipelines);
  if (!found) return pass_on(found);
  const auto config = pipelines.reader.config(found->view.pipeline.id);
  if (!config) return pass_on(config);
  return http::json(200, json::object{{"source", config->source}, {"compiled", config->compiled}});
}

Result<http::Response> show_values(const Call& call, Pipelines& pipelines) {
  const auto found = pipeline_for_member(call, pipelines);
  if (!found) return pass_on(found);
  const auto values = pipelines.reader.values(found->view.pipeline.id);
  if (!values) return pass_on(values);
  return http::json_text(200, to_json(*values));
}

Result<http::Response> show_workflows(const Call& call, Pipelines& pipelines) {
  const auto found = pipeline_for_member(call, pipelines);
  if (!found) return pass_on(found);
  json::array items;
  for (const WorkflowView& view : found->view.workflows) {
    items.push_back(to_json(view.workflow, found->view.pipeline, found->project));
  }
  return http::json(200, json::object{{"items", std::move(items)}, {"next_page_token", nullptr}});
}

Result<http::Response> list_pipelines(const Call& call, Pipelines& pipelines) {
  const auto project = project_for_member(call);
  if (!project) return pass_on(project);
  const auto found =
      pipelines.reader.list({.project_id = project->id,
                             .organization_id = {},
                             .branch = call.request.query("branch").value_or(""),
                             .before_id = call.request.query("page-token").value_or(""),
                             .limit = page_size});
  if (!found) return pass_on(found);
  json::array items;
  for (const PipelineView& view : *found) {
    auto item = pipeline_json(call, view.pipeline, *project);
    if (!item) return pass_on(item);
    items.push_back(std::move(*item));
  }
  json::object body{{"items", std::move(items)}, {"next_page_token", nullptr}};
  if (found->size() == page_size) body["next_page_token"] = found->back().pipeline.id;
  return http::json(200, body);
}

}  // namespace

void add_pipeline_routes(http::Router& router, CiServices& services, Pipelines& pipelines) {
  using http::Method;
  const auto with = [&pipelines](auto endpoint) {
    return [&pipelines, endpoint](const Call& call) { return endpoint(call, pipelines); };
  };
  const std::string project = "/api/v2/project/{provider}/{organization}/{project}";
  const std::string pipeline = "/api/v2/pipeline/{pipeline_id}";
  // These wait for git.
  const http::RouteOptions programs{.pool = http::Pool::program};
  add_endpoint(router, services, Method::post, project + "/pipeline/run", with(run_pipeline),
               programs);
  add_endpoint(router, services, Method::post, project + "/pull-request", with(open_pull_request),
               programs);
  add_endpoint(router, services, Method::get, project + "/pipeline", with(list_pipelines));
  add_endpoint(router, services, Method::get, pipeline, with(show_pipeline));
  add_endpoint(router, services, Method::get, pipeline + "/config", with(show_config));
  add_endpoint(router, services, Method::get, pipeline + "/values", with(show_values));
  add_endpoint(router, services, Method::get, pipeline + "/workflow", with(show_workflows));
}

}  // namespace imp::ci
