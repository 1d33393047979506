#include <boost/json.hpp>

#include "ci/api/engine_routes.h"
#include "ci/api/workflow_json.h"
#include "ci/pipelines/refusal.h"

namespace imp::ci {
namespace {

namespace json = boost::json;

struct WorkflowCall {
  WorkflowView view;
  Project project;
};
Result<WorkflowCall> workflow_for_member(const Call& call, Pipelines& pipelines) {
  auto view = pipelines.reader.workflow(call.param("workflow_id"));
  if (!view) return pass_on(view);
  auto project =
      project_of(call, view->workflow.project_id,
                 refuse(PipelineRefusal::workflow_not_found, "There is no such workflow.").error());
  if (!project) return pass_on(project);
  return WorkflowCall{std::move(*view), std::move(*project)};
}

http::Response accepted() { return http::json(202, json::object{{"message", "Accepted."}}); }

Result<http::Response> show_workflow(const Call& call, Pipelines& pipelines) {
  const auto found = workflow_for_member(call, pipelines);
  if (!found) return pass_on(found);
  const auto pipeline = pipelines.reader.pipeline(found->view.workflow.pipeline_id);
  if (!pipeline) return pass_on(pipeline);
  return http::json(200, to_json(found->view.workflow, pipeline->pipeline, found->project));
}

Result<http::Response> list_jobs(const Call& call, Pipelines& pipelines) {
  const auto found = workflow_for_member(call, pipelines);
  if (!found) return pass_on(found);
  json::array items;
  for (const Job& job : found->view.jobs) {
    items.push_back(to_json(job, found->view, found->project));
  }
  return http::json(200, json::object{{"items", std::move(items)}, {"next_page_token", nullptr}});
}

Result<http::Response> approve(const Call& call, Pipelines& pipelines) {
  const auto found = workflow_for_member(call, pipelines);
  if (!found) return pass_on(found);
  const auto done = pipelines.controls.approve(
      found->view.workflow.id, call.param("approval_request_id"), call.caller.actor());
  if (!done) return pass_on(done);
  return accepted();
}

Result<http::Response> cancel(const Call& call, Pipelines& pipelines) {
  const auto found = workflow_for_member(call, pipelines);
  if (!found) return pass_on(found);
  const auto done = pipelines.controls.cancel(found->view.workflow.id, call.caller.actor());
  if (!done) return pass_on(done);
  return accepted();
}

Result<bool> flag_in(const json::object& body, std::string_view name) {
  const auto* value = body.if_contains(name);
  if (!value || value->is_null()) return false;
  if (const auto* flag = value->if_bool()) return *flag;
  return refuse(ApiRefusal::malformed_body,
                "\"" + std::string(name) + "\" in the request's body is true or false.");
}

Result<RerunRequest> rerun_in(const json::object& body) {
  RerunRequest request;
  for (const auto& member : body) {
    const std::string_view key = member.key();
    if (key != "from_failed" && key != "is_from_failed" && key != "enable_ssh" && key != "jobs") {
      return refuse(ApiRefusal::malformed_body,
                    "A rerun has \"from_failed\", \"jobs\" and \"enable_ssh\"; \"" +
                        std::string(key) + "\" is not supported.");
    }
  }
  for (const std::string_view key : {"from_failed", "is_from_failed"}) {
    const auto flag = flag_in(body, key);
    if (!flag) return pass_on(flag);
    request.from_failed = request.from_failed || *flag;
  }
  const auto ssh = flag_in(body, "enable_ssh");
  if (!ssh) return pass_on(ssh);
  request.enable_ssh = *ssh;
  const auto* jobs = body.if_contains("jobs");
  if (!jobs || jobs->is_null()) return request;
  const auto malformed = [] {
    return refuse(ApiRefusal::malformed_body, "\"jobs\" in the request's body is a list of ids.");
  };
  if (!jobs->is_array()) return malformed();
  for (const json::value& id : jobs->get_array()) {
    if (!id.is_string()) return malformed();
    request.jobs.emplace_back(id.get_string());
  }
  return request;
}

Result<http::Response> rerun(const Call& call, Pipelines& pipelines) {
  const auto found = workflow_for_member(call, pipelines);
  if (!found) return pass_on(found);
  json::object body;
  if (!call.request.body.empty()) {
    auto given = body_of(call);
    if (!given) return pass_on(given);
    body = std::move(*given);
  }
  const auto request = rerun_in(body);
  if (!request) return pass_on(request);
  const auto again =
      pipelines.controls.rerun(found->view.workflow.id, *request, call.caller.actor());
  if (!again) return pass_on(again);
  json::object answer{{"workflow_id", again->id}};
  if (request->enable_ssh) {
    answer["message"] =
        "The jobs run marked as rerun with SSH; this server opens no shell into them.";
  }
  return http::json(202, answer);
}

}  // namespace

json::object to_json(const Workflow& workflow, const Pipeline& pipeline, const Project& project) {
  json::object out{{"id", workflow.id},
                   {"name", workflow.name},
                   {"status", name(workflow.status)},
                   {"pipeline_id", workflow.pipeline_id},
                   {"pipeline_number", pipeline.number},
                   {"project_slug", project.slug},
                   {"created_at", iso8601(workflow.created)},
                   {"stopped_at", json_time(workflow.stopped)},
                   {"started_by", workflow.actor_id}};
  if (!workflow.canceled_by.empty()) out["canceled_by"] = workflow.canceled_by;
  if (!workflow.rerun_of.empty()) out["rerun_of"] = workflow.rerun_of;
  return out;
}

json::object to_json(const Job& job, const WorkflowView& workflow, const Project& project) {
  json::array dependencies;
  json::object requires_;
  for (const Requirement& requirement : job.requirements) {
    for (const Job& other : workflow.jobs) {
      if (other.name != requirement.job) continue;
      dependencies.emplace_back(other.id);
      json::array statuses;
      for (const auto status : requirement.statuses) {
        statuses.emplace_back(config::name_of(status));
      }
      requires_[other.id] = std::move(statuses);
    }
  }
  json::object out{{"id", job.id},
                   {"name", job.name},
                   {"type", config::name_of(job.type)},
                   {"status", name(job.status)},
                   {"project_slug", project.slug},
                   {"started_at", json_time(job.started)},
                   {"stopped_at", json_time(job.stopped)},
                   {"dependencies", std::move(dependencies)},
                   {"requires", std::move(requires_)}};
  if (job.number) out["job_number"] = *job.number;
  if (job.type == config::JobType::approval) out["approval_request_id"] = job.id;
  if (!job.approver_name.empty()) out["approved_by"] = job.approver_name;
  if (!job.reason.empty()) out["reason"] = job.reason;
  return out;
}

void add_workflow_routes(http::Router& router, CiServices& services, Pipelines& pipelines) {
  using http::Method;
  const auto with = [&pipelines](auto endpoint) {
    return [&pipelines, endpoint](const Call& call) { return endpoint(call, pipelines); };
  };
  const std::string one = "/api/v2/workflow/{workflow_id}";
  add_endpoint(router, services, Method::get, one, with(show_workflow));
  add_endpoint(router, services, Method::get, one + "/job", with(list_jobs));
  add_endpoint(router, services, Method::post, one + "/approve/{approval_request_id}",
               with(approve));
  add_endpoint(router, services, Method::post, one + "/cancel", with(cancel));
  add_endpoint(router, services, Method::post, one + "/rerun", with(rerun));
}

}  // namespace imp::ci
