#include "ci/pipelines/rerun.h"

#include <algorithm>

#include "base/uuid.h"
#include "ci/pipelines/refusal.h"
#include "ci/pipelines/rows.h"

namespace imp::ci {
namespace {

constexpr std::int64_t rerun_limit = 100;
constexpr std::chrono::days age_limit{90};

Result<RerunChoice> choice_of(const RerunRequest& request, const std::vector<JobRow>& rows) {
  if (request.from_failed && !request.jobs.empty()) {
    return refuse(PipelineRefusal::invalid_rerun,
                  "\"from_failed\" and \"jobs\" exclude each other.");
  }
  if (request.enable_ssh && request.jobs.empty()) {
    return refuse(PipelineRefusal::invalid_rerun,
                  "\"enable_ssh\" needs \"jobs\": the ids of those to run with SSH.");
  }
  RerunChoice choice{.from_failed = request.from_failed, .chosen = {}};
  for (const std::string& id : request.jobs) {
    const auto found =
        std::ranges::find_if(rows, [&](const JobRow& row) { return row.job.id == id; });
    if (found == rows.end()) {
      return refuse(PipelineRefusal::invalid_rerun,
                    fmt::format("\"jobs\" names {}, which is no job of this workflow.", id));
    }
    choice.chosen.push_back(found->position);
  }
  return choice;
}

Result<void> check(db::Session& session, const Workflow& workflow, const RerunRequest& request,
                   Time now) {
  if (!has_ended(workflow.status)) {
    return refuse(PipelineRefusal::still_running,
                  fmt::format("The workflow has not ended: it is {}.", name(workflow.status)));
  }
  if (workflow.created + age_limit <= now) {
    return refuse(PipelineRefusal::too_old_to_rerun, "A workflow can be run again for 90 days.");
  }
  const auto project = Projects::find(session, workflow.project_id);
  if (request.enable_ssh && (!project || project->settings.disable_ssh)) {
    return refuse(PipelineRefusal::ssh_disabled,
                  "The project's settings forbid reruns with SSH (\"disable_ssh\").");
  }
  const auto pipeline = find_pipeline(session, workflow.pipeline_id);
  if (!pipeline || (pipeline->from_fork && (!project || !project->settings.build_fork_prs))) {
    return refuse(PipelineRefusal::forks_not_built,
                  "The project no longer builds pull requests of forks (\"build_fork_prs\").");
  }
  const auto count = session.row(
      "SELECT COUNT(*) FROM ci_workflows WHERE pipeline_id = :p1 AND workspace_id = :p2",
      {workflow.pipeline_id, workflow.workspace_id});
  if (count->integer(0) > rerun_limit) {
    return refuse(PipelineRefusal::too_many_reruns,
                  fmt::format("A workflow can be run again {} times.", rerun_limit));
  }
  return {};
}

/// The workflow as it runs again.
Workflow fresh(const Workflow& old, const accounts::Actor& by, Time now) {
  Workflow again;
  again.pipeline_id = old.pipeline_id;
  again.project_id = old.project_id;
  again.name = old.name;
  again.actor_id = by.person_id;
  again.actor_name = by.name;
  again.rerun_of = old.id;
  again.workspace_id = old.workspace_id;
  again.created = now;
  return again;
}

/// The job as it runs again.
JobRow fresh(const JobRow& old) {
  JobRow row;
  row.job.pipeline_id = old.job.pipeline_id;
  row.job.project_id = old.job.project_id;
  row.job.name = old.job.name;
  row.job.type = old.job.type;
  row.job.contexts = old.job.contexts;
  row.position = old.position;
  row.requirements = old.requirements;
  row.resource_class = old.resource_class;
  return row;
}

/// The job as its result stands. The approver's name is for show: without the id, nobody acts in
/// that person's name again.
JobRow kept(const JobRow& old) {
  JobRow row = fresh(old);
  row.job.status = old.job.status;
  row.job.reason = old.job.reason;
  row.job.number = old.job.number;
  row.job.approver_name = old.job.approver_name;
  row.job.reused_from = old.job.reused_from.empty() ? old.job.id : old.job.reused_from;
  row.job.runner_name = old.job.runner_name;
  row.job.queued = old.job.queued;
  row.job.started = old.job.started;
  row.job.stopped = old.job.stopped;
  row.context_ids = old.context_ids;
  return row;
}

}  // namespace

Result<Workflow> make_rerun(db::Session& session, const Workflow& workflow,
                            const RerunRequest& request, const accounts::Actor& by, Time now) {
  if (auto checked = check(session, workflow, request, now); !checked) return pass_on(checked);
  const auto rows = jobs_of(session, workflow.id);
  const auto choice = choice_of(request, rows);
  if (!choice) return pass_on(choice);
  const auto runs = jobs_to_rerun(nodes_of(rows), *choice);
  if (!runs) {
    return refuse(PipelineRefusal::nothing_to_rerun, "Every job of the workflow succeeded.");
  }
  Workflow again = fresh(workflow, by, now);
  insert(session, again);
  for (const JobRow& old : rows) {
    JobRow row = (*runs)[old.position] ? fresh(old) : kept(old);
    row.job.id = new_uuid();
    row.job.workflow_id = again.id;
    const bool chosen = std::ranges::find(choice->chosen, old.position) != choice->chosen.end();
    row.job.ssh = old.job.ssh || (request.enable_ssh && chosen);
    insert(session, row, ticket_template_of(session, old.job.id));
  }
  return again;
}

}  // namespace imp::ci
