#include "ci/pipelines/controls.h"

#include "audit/log.h"
#include "ci/contexts/audit_record.h"
#include "ci/pipelines/changes.h"
#include "ci/pipelines/refusal.h"
#include "ci/pipelines/rerun.h"
#include "ci/pipelines/rows.h"

namespace imp::ci {
namespace {

constexpr std::chrono::days open_limit{90};

void record(db::Session& session, const accounts::Actor& by, std::string_view action,
            const Workflow& workflow, Time now, boost::json::object detail) {
  const auto project = Projects::find(session, workflow.project_id);
  detail["workflow"] = workflow.name;
  detail["pipeline"] = workflow.pipeline_id;
  audit::append(session,
                audit_record(by, std::string(action), "workflow:" + workflow.id,
                             project ? project->organization_id : "", now, std::move(detail)));
}

std::unexpected<Failure> no_such_workflow() {
  return refuse(PipelineRefusal::workflow_not_found, "There is no such workflow.");
}

}  // namespace

Result<void> WorkflowControls::approve(std::string_view workflow_id, std::string_view approval_id,
                                       const accounts::Actor& by) {
  Changes changes(services_.job_over);
  auto done = services_.database.write([&](db::Session& session) -> Result<void> {
    const auto workflow = find_workflow(session, workflow_id);
    if (!workflow) return no_such_workflow();
    const auto row = find_job(session, approval_id);
    if (!row || row->job.workflow_id != workflow->id ||
        row->job.type != config::JobType::approval) {
      return refuse(PipelineRefusal::job_not_found, "The workflow has no such approval.");
    }
    if (row->job.status != JobStatus::on_hold) {
      return refuse(PipelineRefusal::not_on_hold,
                    fmt::format("The approval \"{}\" is not awaited: it is {}.", row->job.name,
                                name(row->job.status)));
    }
    const Time now = services_.clock.now();
    session.run(
        "UPDATE ci_jobs SET approver_id = :p1, approver_name = :p2, approved = :p3 WHERE id = :p4",
        {by.person_id, by.name, to_milliseconds(now), row->job.id});
    end_job(session, row->job, JobStatus::success, {}, now, changes);
    record(session, by, "workflow.job.approve", *workflow, now,
           {{"approval", row->job.name}, {"job", row->job.id}});
    return {};
  });
  if (done) changes.notify(services_.waiters);
  return done;
}

void WorkflowControls::cancel(db::Session& session, const Workflow& workflow,
                              const accounts::Actor& by, Changes& changes) const {
  const Time now = services_.clock.now();
  session.run("UPDATE ci_workflows SET canceled_by = :p1 WHERE id = :p2",
              {by.name.empty() ? std::string("system") : by.name, workflow.id});
  session.run(
      "UPDATE ci_jobs SET cancel_requested = 1 WHERE workflow_id = :p1 AND status = "
      "'running'",
      {workflow.id});
  const auto rows = jobs_of(session, workflow.id);
  auto nodes = nodes_of(rows);
  cancel_waiting(nodes);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].job.status == JobStatus::running) changes.job_over(session, rows[i].job, now);
    if (nodes[i].status == rows[i].job.status) continue;
    set_status(session, rows[i].job, nodes[i].status, changes);
    session.run("UPDATE ci_jobs SET stopped = :p1 WHERE id = :p2",
                {to_milliseconds(now), rows[i].job.id});
  }
  advance_workflow(session, workflow.id, now, changes);
  record(session, by, "workflow.cancel", workflow, now, {});
}

Result<void> WorkflowControls::cancel(std::string_view workflow_id, const accounts::Actor& by) {
  Changes changes(services_.job_over);
  auto done = services_.database.write([&](db::Session& session) -> Result<void> {
    const auto workflow = find_workflow(session, workflow_id);
    if (!workflow) return no_such_workflow();
    if (has_ended(workflow->status)) {
      return refuse(PipelineRefusal::already_ended,
                    fmt::format("The workflow has ended: {}.", name(workflow->status)));
    }
    cancel(session, *workflow, by, changes);
    return {};
  });
  if (done) changes.notify(services_.waiters);
  return done;
}

Result<void> WorkflowControls::cancel_job(std::string_view job_id, const accounts::Actor& by) {
  Changes changes(services_.job_over);
  auto done = services_.database.write([&](db::Session& session) -> Result<void> {
    const auto row = find_job(session, job_id);
    if (!row) return refuse(PipelineRefusal::job_not_found, "There is no such job.");
    if (has_ended(row->job.status)) {
      return refuse(PipelineRefusal::already_ended,
                    fmt::format("The job has ended: {}.", name(row->job.status)));
    }
    const Time now = services_.clock.now();
    if (row->job.status == JobStatus::running) {
      session.run("UPDATE ci_jobs SET cancel_requested = 1 WHERE id = :p1", {row->job.id});
      changes.job_over(session, row->job, now);
      changes.add(job_topic(row->job.id));
    } else {
      end_job(session, row->job, JobStatus::canceled, "Canceled by " + by.name + ".", now, changes);
    }
    record(session, by, "workflow.job.cancel", *find_workflow(session, row->job.workflow_id), now,
           {{"job", row->job.id}, {"name", row->job.name}});
    return {};
  });
  if (done) changes.notify(services_.waiters);
  return done;
}

Result<Workflow> WorkflowControls::rerun(std::string_view workflow_id, const RerunRequest& request,
                                         const accounts::Actor& by) {
  Changes changes(services_.job_over);
  auto made = services_.database.write([&](db::Session& session) -> Result<Workflow> {
    const auto workflow = find_workflow(session, workflow_id);
    if (!workflow) return no_such_workflow();
    const Time now = services_.clock.now();
    auto again = make_rerun(session, *workflow, request, by, now);
    if (!again) return again;
    advance_workflow(session, again->id, now, changes);
    record(session, by, "workflow.retry", *again, now,
           {{"of", workflow->id},
            {"from_failed", request.from_failed},
            {"enable_ssh", request.enable_ssh}});
    return *find_workflow(session, again->id);
  });
  if (made) changes.notify(services_.waiters);
  return made;
}

Result<void> WorkflowControls::cancel_stale() {
  Changes changes(services_.job_over);
  auto done = services_.database.write([&](db::Session& session) -> Result<void> {
    for (const db::Row& row : session.rows(
             "SELECT id FROM ci_workflows WHERE status IN ('running', 'on_hold', 'failing') AND "
             "canceled_by = '' AND created < :p1 LIMIT 50",
             {to_milliseconds(services_.clock.now() - open_limit)})) {
      if (const auto workflow = find_workflow(session, row.text(0))) {
        cancel(session, *workflow, accounts::Actor::system("housekeeping"), changes);
      }
    }
    return {};
  });
  if (done) changes.notify(services_.waiters);
  return done;
}

}  // namespace imp::ci
