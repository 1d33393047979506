#include <boost/json.hpp>

#include "ci/pipelines/changes.h"
#include "ci/pipelines/job_follower.h"
#include "http/event_stream.h"
#include "web/ci/ci_view.h"
#include "web/frame/frames.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr std::size_t kRevisionShown = 10;  // characters of a commit's name

boost::json::object job_model(const ci::Job& job, const ci::Workflow& workflow, Time now) {
  const bool approval = job.type == ci::config::JobType::approval;
  std::vector<std::string> requires_names;
  for (const ci::Requirement& requirement : job.requirements) {
    requires_names.push_back(requirement.job);
  }
  return {{"id", job.id},
          {"workflow_raw", workflow.id},
          {"job", job.name},
          {"link", approval ? std::string() : "/job/" + job.id},
          {"status", status_text(ci::name(job.status))},
          {"tone", tone_of(ci::name(job.status))},
          {"approval", approval},
          {"ssh", job.ssh},
          {"took", took_text(job.started, job.stopped, now)},
          {"requires", joined(requires_names)},
          {"contexts", joined(job.contexts)},
          {"approver", job.approver_name},
          {"reused", !job.reused_from.empty()},
          {"reason", job.reason},
          {"reason_tone", job.status == ci::JobStatus::unauthorized ? "bad" : "waiting"},
          {"approvable", approval && job.status == ci::JobStatus::on_hold}};
}

Result<http::Response> show_workflow(const Visit& visit) {
  const auto view = visible_workflow(visit);
  if (!view) return pass_on(view);
  const ci::Workflow& workflow = view->workflow;
  const auto pipeline = visit.services.pipelines.reader.pipeline(workflow.pipeline_id);
  if (!pipeline) return pass_on(pipeline);
  const auto project = visible_project(visit, workflow.project_id);
  if (!project) return pass_on(project);
  const auto organization = visit.services.accounts.organizations.by_id(project->organization_id);
  if (!organization) return pass_on(organization);
  const Time now = visit.services.clock.now();
  const bool open = !ci::has_ended(workflow.status);
  boost::json::array jobs, rerunnable;
  bool has_failed = false;
  for (const ci::Job& job : view->jobs) {
    jobs.push_back(job_model(job, workflow, now));
    has_failed |= ci::has_ended(job.status) && job.status != ci::JobStatus::success;
    if (job.type != ci::config::JobType::approval) {
      rerunnable.push_back({{"id", job.id}, {"job", job.name}});
    }
  }
  return show(visit,
              {.title = workflow.name,
               .content = "workflow",
               .model = {{"workflow", workflow.name},
                         {"workflow_raw", workflow.id},
                         {"workflow_id", {{"value", workflow.id}, {"what", "the Workflow ID"}}},
                         {"status", status_text(ci::name(workflow.status))},
                         {"tone", tone_of(ci::name(workflow.status))},
                         {"open", open},
                         {"page", visit.here("/workflow/" + workflow.id)},
                         {"changes", open ? "/workflow/" + workflow.id + "/events" : std::string()},
                         {"project_id", project->id},
                         {"fork", pipeline->pipeline.from_fork},
                         {"number", pipeline->pipeline.number},
                         {"ref", ref_text(pipeline->pipeline)},
                         {"revision", pipeline->pipeline.revision.substr(0, kRevisionShown)},
                         {"subject", pipeline->pipeline.commit_subject},
                         {"actor", workflow.actor_name},
                         {"created", time_model(workflow.created, now)},
                         {"took", took_text(workflow.created, workflow.stopped, now)},
                         {"rerun_of", workflow.rerun_of},
                         {"canceled_by", workflow.canceled_by},
                         {"jobs", std::move(jobs)},
                         {"has_failed", has_failed},
                         {"has_rerunnable", !rerunnable.empty()},
                         {"rerunnable", std::move(rerunnable)}},
               .trail = project_trail(*organization, *project),
               .scripts = open ? std::vector<std::string>{"live.js"} : std::vector<std::string>()});
}

/// What the page of a workflow shows of it that changes.
std::string state_of(const ci::WorkflowView& view) {
  std::string state(ci::name(view.workflow.status));
  for (const ci::Job& job : view.jobs) {
    state += ' ';
    state += ci::name(job.status);
  }
  return state;
}

/// "change" first and whenever a status in the workflow changed, "end" when it is over. Ends after
/// some minutes, so that the browser asks again and is told only what the visitor may still see.
Result<http::Response> stream_changes(const Visit& visit) {
  const auto view = visible_workflow(visit);
  if (!view) return pass_on(view);
  const auto project = visible_project(visit, view->workflow.project_id);
  if (!project) return pass_on(project);
  const Clock& clock = visit.services.clock;
  auto response =
      http::event_response([id = view->workflow.id, &reader = visit.services.pipelines.reader,
                            &clock, ends = clock.now() + ci::JobFollower::longest,
                            may_read = ci::membership(visit.call(), project->organization_id),
                            known = std::string()]() mutable -> http::StreamStep {
        if (clock.now() >= ends || !may_read()) return {.done = true};
        const auto now = reader.workflow(id);
        if (!now || ci::has_ended(now->workflow.status)) {
          return {.bytes = http::event_text("end", "{}"), .done = true};
        }
        std::string state = state_of(*now);
        const bool same = state == known;
        known = std::move(state);
        return {.bytes = same ? std::string(http::event_pause) : http::event_text("change", "{}"),
                .wait_topic = ci::workflow_topic(id)};
      });
  add_security_headers(response);
  return response;
}

http::Response back(const std::string& id, std::string_view done) {
  return http::see_other(fmt::format("/workflow/{}?done={}", id, done));
}

Result<http::Response> approve(const Visit& visit) {
  const auto view = visible_workflow(visit);
  if (!view) return pass_on(view);
  const auto done = visit.services.pipelines.controls.approve(
      view->workflow.id, visit.field("approval"), visit.actor());
  if (!done) return pass_on(done);
  return back(view->workflow.id, "approved");
}

Result<http::Response> cancel(const Visit& visit) {
  const auto view = visible_workflow(visit);
  if (!view) return pass_on(view);
  const auto done = visit.services.pipelines.controls.cancel(view->workflow.id, visit.actor());
  if (!done) return pass_on(done);
  return back(view->workflow.id, "canceled");
}

Result<http::Response> rerun(const Visit& visit) {
  const auto view = visible_workflow(visit);
  if (!view) return pass_on(view);
  const std::string what = visit.field("what");
  ci::RerunRequest request;
  request.from_failed = what == "failed";
  if (what == "ssh") {
    request.enable_ssh = true;
    request.jobs = {visit.field("job")};
  }
  const auto again =
      visit.services.pipelines.controls.rerun(view->workflow.id, request, visit.actor());
  if (!again) return pass_on(again);
  return back(again->id, "rerun");
}

}  // namespace

void add_workflow_pages(http::Router& router, WebServices& services) {
  constexpr Audience people = Audience::signed_in;
  const std::string one = "/workflow/{workflow_id}";
  add_page(router, services, one, people, show_workflow);
  add_page(router, services, one + "/events", people, stream_changes);
  add_form(router, services, one + "/approve", people, approve, show_workflow);
  add_form(router, services, one + "/cancel", people, cancel, show_workflow);
  add_form(router, services, one + "/rerun", people, rerun, show_workflow);
}

}  // namespace imp::web
