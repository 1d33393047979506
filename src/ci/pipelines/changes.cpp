#include "ci/pipelines/changes.h"

#include "ci/pipelines/rows.h"
#include "ci/projects/projects.h"

namespace imp::ci {
namespace {

void queue_job(db::Session& session, const Job& job, Time now, Changes& changes) {
  session.run("UPDATE ci_jobs SET status = :p1, number = :p2, queued = :p3 WHERE id = :p4",
              {std::string(name(JobStatus::queued)),
               Projects::next_job_number(session, job.project_id), to_milliseconds(now), job.id});
  changes.add(std::string(queue_topic));
  changes.add(job_topic(job.id));
}

void settle(db::Session& session, const Workflow& workflow, WorkflowStatus status, Time now) {
  if (status == workflow.status) return;
  db::Value stopped;
  if (has_ended(status)) stopped = to_milliseconds(now);
  session.run("UPDATE ci_workflows SET status = :p1, stopped = :p2 WHERE id = :p3",
              {std::string(name(status)), stopped, workflow.id});
}

}  // namespace

std::string job_topic(std::string_view job_id) { return "ci/job/" + std::string(job_id); }
std::string workflow_topic(std::string_view workflow_id) {
  return "ci/workflow/" + std::string(workflow_id);
}

void set_status(db::Session& session, const Job& job, JobStatus status, Changes& changes) {
  session.run("UPDATE ci_jobs SET status = :p1 WHERE id = :p2",
              {std::string(name(status)), job.id});
  changes.add(job_topic(job.id));
}

void advance_workflow(db::Session& session, std::string_view workflow_id, Time now,
                      Changes& changes) {
  const auto workflow = find_workflow(session, workflow_id);
  const auto rows = jobs_of(session, workflow_id);
  if (!workflow) return;
  auto nodes = nodes_of(rows);
  advance(nodes);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (nodes[i].status == rows[i].job.status) continue;
    if (nodes[i].status == JobStatus::queued) {
      queue_job(session, rows[i].job, now, changes);
      continue;
    }
    set_status(session, rows[i].job, nodes[i].status, changes);
    if (has_ended(nodes[i].status)) {
      session.run("UPDATE ci_jobs SET stopped = :p1 WHERE id = :p2",
                  {to_milliseconds(now), rows[i].job.id});
    }
  }
  settle(session, *workflow, status_of(nodes, !workflow->canceled_by.empty()), now);
  changes.add(workflow_topic(workflow_id));
}

void end_job(db::Session& session, const Job& job, JobStatus status, std::string_view reason,
             Time now, Changes& changes) {
  session.run(
      "UPDATE ci_jobs SET status = :p1, stopped = :p2, credential_hash = '', lease_expires = NULL "
      "WHERE id = :p3",
      {std::string(name(status)), to_milliseconds(now), job.id});
  set_sealed_ticket(session, job.id, "");
  if (!reason.empty()) {
    session.run("UPDATE ci_jobs SET reason = :p1 WHERE id = :p2", {storable(reason), job.id});
  }
  if (job.status == JobStatus::running) changes.job_over(session, job, now);
  changes.add(job_topic(job.id));
  advance_workflow(session, job.workflow_id, now, changes);
}

}  // namespace imp::ci
