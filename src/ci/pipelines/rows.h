#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ci/pipelines/pipeline.h"
#include "ci/pipelines/workflow_machine.h"
#include "db/database.h"

namespace imp::ci {

/// A job with what only the engine needs.
struct JobRow {
  Job job;
  std::size_t position = 0;
  std::vector<JobRequirement> requirements;
  std::string resource_class;
  std::string approver_id;
  std::optional<Time> approved;
  std::string runner_id, claim_id;
  std::vector<std::string> context_ids;
  std::string lease_hash;
  std::optional<Time> lease_expires;
  std::uint64_t accepted = 0;  ///< the last event that was applied
  std::int64_t output_bytes = 0;
};

std::optional<Pipeline> find_pipeline(db::Session& session, std::string_view id);
/// Those after the WHERE of `condition`, which may end in ORDER BY and LIMIT.
std::vector<Pipeline> find_pipelines(db::Session& session, std::string_view condition,
                                     std::vector<db::Value> parameters);
void insert(db::Session& session, const Pipeline& pipeline, std::string_view arguments);

std::optional<Workflow> find_workflow(db::Session& session, std::string_view id);
/// In the order in which they began; `rerun`s after what they repeat.
std::vector<Workflow> workflows_of(db::Session& session, std::string_view pipeline_id);
/// Gives it its id and, unless it repeats another one, a workspace of its own; after all others of
/// its pipeline.
void insert(db::Session& session, Workflow& workflow);

/// Requirements carry names only when the whole workflow was read.
std::optional<JobRow> find_job(db::Session& session, std::string_view id);
std::vector<JobRow> find_jobs(db::Session& session, std::string_view condition,
                              std::vector<db::Value> parameters);
/// All jobs of a workflow, by position.
std::vector<JobRow> jobs_of(db::Session& session, std::string_view workflow_id);
/// `ticket_template`: see job_ticket.h.
void insert(db::Session& session, const JobRow& row, std::string_view ticket_template);

/// What a job's runner is given may have megabytes: it is beside the job, not in its row, which is
/// read and written all the time.
std::string ticket_template_of(db::Session& session, const std::string& job_id);
/// The answer to the claim that has the job; empty before there is one, and after the job.
std::string sealed_ticket_of(db::Session& session, const std::string& job_id);
void set_sealed_ticket(db::Session& session, const std::string& job_id, std::string sealed);

std::vector<JobNode> nodes_of(const std::vector<JobRow>& rows);

/// Text as a store can keep it: without NUL.
std::string storable(std::string_view text);

}  // namespace imp::ci
