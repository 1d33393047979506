#include "ci/pipelines/job_facts.h"

#include <algorithm>

namespace imp::ci {

TicketFacts facts_of(db::Session& session, const Job& job) {
  auto pipeline = find_pipeline(session, job.pipeline_id);
  auto workflow = find_workflow(session, job.workflow_id);
  if (!pipeline || !workflow) {
    throw db::StoreError("a job without its pipeline or workflow", false);
  }
  return {facts_of(session, std::move(*pipeline)), std::move(*workflow), job};
}

bool is_withheld(const TicketFacts& facts) {
  return facts.pipeline.from_fork && !facts.project.settings.pass_secrets_to_forks;
}

std::string context_person(db::Session& session, const TicketFacts& facts) {
  const auto rows = jobs_of(session, facts.workflow.id);
  const auto self = std::ranges::find(
      rows, facts.job.id, [](const JobRow& row) { return std::string_view(row.job.id); });
  if (self == rows.end()) return {};
  const auto upstream = upstream_of(nodes_of(rows), self->position);
  const JobRow* last = nullptr;
  for (const JobRow& row : rows) {
    if (!upstream[row.position] || row.approver_id.empty() || !row.approved) continue;
    if (!last || *row.approved >= *last->approved) last = &row;
  }
  return last ? last->approver_id : facts.workflow.actor_id;
}

expr::Environment restriction_values(db::Session& session, const TicketFacts& facts) {
  const auto row =
      session.row("SELECT pipeline_values FROM ci_pipelines WHERE id = :p1", {facts.pipeline.id});
  expr::Environment environment;
  if (row) {
    for (const auto& [name, value] : values_from_json(row->text(0))) environment.set(name, value);
  }
  environment.set("job.ssh.enabled", facts.job.ssh);
  return environment;
}

JobIdentity identity_of(const TicketFacts& facts, std::vector<std::string> context_ids) {
  const Pipeline& pipeline = facts.pipeline;
  const std::string ref =
      pipeline.tag.empty() ? "refs/heads/" + pipeline.branch : "refs/tags/" + pipeline.tag;
  return {.organization_id = facts.project.organization_id,
          .project_id = facts.project.id,
          .user_id = facts.workflow.actor_id,
          .pipeline_definition_id = pipeline.definition_id,
          .pipeline_id = pipeline.id,
          .workflow_id = facts.workflow.id,
          .job_id = facts.job.id,
          .context_ids = std::move(context_ids),
          .vcs = VcsSource{facts.source.vcs_origin, ref},
          .ssh_rerun = facts.job.ssh,
          .from_fork = pipeline.from_fork,
          .project_passes_secrets_to_forks = facts.project.settings.pass_secrets_to_forks,
          .project_vcs_origin = facts.project.vcs_origin};
}

}  // namespace imp::ci
