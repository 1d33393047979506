#include <boost/json.hpp>

#include "ci/api/engine_routes.h"
#include "ci/api/job_output.h"
#include "ci/pipelines/job_ticket.h"
#include "ci/pipelines/refusal.h"

namespace imp::ci {
namespace {

namespace json = boost::json;

struct JobCall {
  JobView view;
  Project project;
};

Result<JobCall> job_by_number(const Call& call, Pipelines& pipelines) {
  auto project = project_for_member(call);
  if (!project) return pass_on(project);
  auto view = pipelines.reader.job(project->id, number_in_path(call, "job_number"));
  if (!view) return pass_on(view);
  return JobCall{std::move(*view), std::move(*project)};
}

json::value duration_of(const Job& job) {
  if (!job.started || !job.stopped) return nullptr;
  return (*job.stopped - *job.started).count();
}

Result<http::Response> show_job(const Call& call, Pipelines& pipelines) {
  const auto found = job_by_number(call, pipelines);
  if (!found) return pass_on(found);
  const auto organization =
      call.services.accounts.organizations.by_id(found->project.organization_id);
  if (!organization) return pass_on(organization);
  const JobView& view = found->view;
  const Job& job = view.job;
  json::array contexts, messages;
  for (const std::string& context : job.contexts) {
    contexts.push_back(json::object{{"name", context}});
  }
  if (!job.reason.empty()) {
    messages.push_back(json::object{{"type", name(job.status)}, {"message", job.reason}});
  }
  return http::json(200, json::object{{"id", job.id},
                                      {"number", job.number.value_or(0)},
                                      {"name", job.name},
                                      {"status", name(job.status)},
                                      {"web_url", build_url(pipelines.services.public_url, job.id)},
                                      {"project",
                                       {{"id", found->project.id},
                                        {"slug", found->project.slug},
                                        {"name", found->project.name},
                                        {"external_url", found->project.repository_url}}},
                                      {"organization", {{"name", organization->name}}},
                                      {"pipeline", {{"id", view.pipeline.id}}},
                                      {"latest_workflow",
                                       {{"id", view.workflow.id}, {"name", view.workflow.name}}},
                                      {"contexts", std::move(contexts)},
                                      {"messages", std::move(messages)},
                                      {"parallelism", 1},
                                      {"created_at", json_time(job.queued)},
                                      {"queued_at", json_time(job.queued)},
                                      {"started_at", json_time(job.started)},
                                      {"stopped_at", json_time(job.stopped)},
                                      {"duration", duration_of(job)},
                                      {"runner", job.runner_name},
                                      {"ssh", job.ssh}});
}

Result<http::Response> cancel_found(const Call& call, Pipelines& pipelines,
                                    const std::string& job_id) {
  const auto done = pipelines.controls.cancel_job(job_id, call.caller.actor());
  if (!done) return pass_on(done);
  return http::json(202, json::object{{"message", "Job successfully cancelled."}});
}

Result<http::Response> cancel_by_number(const Call& call, Pipelines& pipelines) {
  const auto found = job_by_number(call, pipelines);
  if (!found) return pass_on(found);
  return cancel_found(call, pipelines, found->view.job.id);
}

Result<http::Response> cancel_by_id(const Call& call, Pipelines& pipelines) {
  const auto view = pipelines.reader.job(call.param("job_id"));
  if (!view) return pass_on(view);
  const auto project =
      project_of(call, view->job.project_id,
                 refuse(PipelineRefusal::job_not_found, "There is no such job.").error());
  if (!project) return pass_on(project);
  return cancel_found(call, pipelines, view->job.id);
}

Result<http::Response> show_output(const Call& call, Pipelines& pipelines) {
  const auto found = job_by_number(call, pipelines);
  if (!found) return pass_on(found);
  return job_output(call, pipelines, found->view, found->project);
}

}  // namespace

void add_job_routes(http::Router& router, CiServices& services, Pipelines& pipelines) {
  using http::Method;
  const auto with = [&pipelines](auto endpoint) {
    return [&pipelines, endpoint](const Call& call) { return endpoint(call, pipelines); };
  };
  const std::string one = "/api/v2/project/{provider}/{organization}/{project}/job/{job_number}";
  add_endpoint(router, services, Method::get, one, with(show_job));
  add_endpoint(router, services, Method::post, one + "/cancel", with(cancel_by_number));
  add_endpoint(router, services, Method::get, one + "/output", with(show_output));
  add_endpoint(router, services, Method::post, "/api/v2/jobs/{job_id}/cancel", with(cancel_by_id));
}

}  // namespace imp::ci
