#include "ci/pipelines/pipelines.h"

namespace imp::ci {

std::vector<db::Migration> pipeline_migrations() {
  return {{"ci-pipelines/1",
           "CREATE TABLE ci_pipelines (id TEXT PRIMARY KEY, project_id TEXT NOT NULL, "
           "number BIGINT NOT NULL, definition_id TEXT NOT NULL, definition_name TEXT NOT NULL, "
           "config_path TEXT NOT NULL, state TEXT NOT NULL, event_name TEXT NOT NULL, "
           "event_action TEXT NOT NULL, actor_id TEXT NOT NULL, actor_name TEXT NOT NULL, "
           // What is checked out: for a pull request of a fork, the fork's.
           "source_project_id TEXT NOT NULL, branch TEXT NOT NULL, tag TEXT NOT NULL, "
           "source_ref TEXT NOT NULL, revision TEXT NOT NULL, base_revision TEXT NOT NULL, "
           "config_ref TEXT NOT NULL, config_revision TEXT NOT NULL, "
           "from_fork INTEGER NOT NULL, pull_request BIGINT NOT NULL, "
           "commit_subject TEXT NOT NULL, arguments TEXT NOT NULL, "
           "pipeline_values TEXT NOT NULL, config_source TEXT NOT NULL, "
           "config_compiled TEXT NOT NULL, errors TEXT NOT NULL, warnings TEXT NOT NULL, "
           "created BIGINT NOT NULL, UNIQUE (project_id, number));\n"
           "CREATE INDEX ci_pipelines_by_state ON ci_pipelines (state);\n"
           "CREATE TABLE ci_workflows (id TEXT PRIMARY KEY, pipeline_id TEXT NOT NULL, "
           "project_id TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL, "
           "actor_id TEXT NOT NULL, actor_name TEXT NOT NULL, canceled_by TEXT NOT NULL, "
           "rerun_of TEXT NOT NULL, workspace_id TEXT NOT NULL, position BIGINT NOT NULL, "
           "created BIGINT NOT NULL, stopped BIGINT);\n"
           "CREATE INDEX ci_workflows_by_pipeline ON ci_workflows (pipeline_id, position);\n"
           "CREATE INDEX ci_workflows_by_status ON ci_workflows (status, created);\n"
           "CREATE TABLE ci_jobs (id TEXT PRIMARY KEY, workflow_id TEXT NOT NULL, "
           "pipeline_id TEXT NOT NULL, project_id TEXT NOT NULL, position INTEGER NOT NULL, "
           // Numbered when it is queued; approvals never are.
           "number BIGINT, name TEXT NOT NULL, type TEXT NOT NULL, status TEXT NOT NULL, "
           "reason TEXT NOT NULL, requirements TEXT NOT NULL, contexts TEXT NOT NULL, "
           "resource_class TEXT NOT NULL, ssh INTEGER NOT NULL, template TEXT NOT NULL, "
           "approver_id TEXT NOT NULL, approver_name TEXT NOT NULL, approved BIGINT, "
           "reused_from TEXT NOT NULL, queued BIGINT, started BIGINT, stopped BIGINT, "
           "runner_id TEXT NOT NULL, runner_name TEXT NOT NULL, claim_id TEXT NOT NULL, "
           "context_ids TEXT NOT NULL, lease_hash TEXT NOT NULL, lease_expires BIGINT, "
           "credential_hash TEXT NOT NULL, sealed_ticket TEXT NOT NULL, "
           "accepted BIGINT NOT NULL, output_bytes BIGINT NOT NULL, "
           "cancel_requested INTEGER NOT NULL, UNIQUE (workflow_id, position));\n"
           "CREATE INDEX ci_jobs_by_number ON ci_jobs (project_id, number);\n"
           "CREATE INDEX ci_jobs_by_status ON ci_jobs (status, queued);\n"
           "CREATE INDEX ci_jobs_by_claim ON ci_jobs (claim_id);\n"
           "CREATE INDEX ci_jobs_by_credential ON ci_jobs (credential_hash);\n"
           "CREATE TABLE ci_job_steps (job_id TEXT NOT NULL, step INTEGER NOT NULL, "
           "name TEXT NOT NULL, outcome TEXT NOT NULL, exit_code INTEGER, started BIGINT, "
           "stopped BIGINT, PRIMARY KEY (job_id, step));\n"
           // The number of the event orders the chunks of all steps of a job.
           "CREATE TABLE ci_job_output (job_id TEXT NOT NULL, sequence BIGINT NOT NULL, "
           "step INTEGER NOT NULL, bytes TEXT NOT NULL, PRIMARY KEY (job_id, sequence));\n"
           "CREATE TABLE ci_pull_requests (project_id TEXT NOT NULL, number BIGINT NOT NULL, "
           "fork_id TEXT NOT NULL, branch TEXT NOT NULL, created BIGINT NOT NULL, "
           "PRIMARY KEY (project_id, number), UNIQUE (project_id, fork_id, branch));\n"
           // A push that git may have carried out although its pipelines do not exist yet.
           "CREATE TABLE ci_pushes (id TEXT PRIMARY KEY, project_id TEXT NOT NULL, "
           "actor_id TEXT NOT NULL, actor_name TEXT NOT NULL, refs_before TEXT NOT NULL, "
           "created BIGINT NOT NULL);\n"
           "CREATE TABLE ci_runner_tokens (id TEXT PRIMARY KEY, name TEXT NOT NULL, "
           "hash TEXT NOT NULL UNIQUE, created BIGINT NOT NULL);\n"},
          // What may have megabytes, out of the rows that are read and written all the time.
          {"ci-pipelines/2",
           "CREATE TABLE ci_job_tickets (job_id TEXT PRIMARY KEY, template TEXT NOT NULL, "
           "sealed TEXT NOT NULL);\n"
           "INSERT INTO ci_job_tickets (job_id, template, sealed) "
           "SELECT id, template, sealed_ticket FROM ci_jobs;\n"
           "ALTER TABLE ci_jobs DROP COLUMN template;\n"
           "ALTER TABLE ci_jobs DROP COLUMN sealed_ticket;\n"}};
}

}  // namespace imp::ci
