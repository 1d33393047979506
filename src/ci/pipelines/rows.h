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
  std::string ticket_template;  ///< see job_ticket.h
  std::string approver_id;
  std::optional<Time> approved;
  std::string runner_id, claim_id;
  std::vector<std::string> context_ids;
  std::string lease_hash;
  std::optional<Time> lease_expires;
  std::string sealed_ticket;
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
void insert(db::Session& session, const Workflow& workflow, std::int64_t position);

/// Requirements carry names only when the whole workflow was read.
std::optional<JobRow> find_job(db::Session& session, std::string_view id);
std::vector<JobRow> find_jobs(db::Session& session, std::string_view condition,
                              std::vector<db::Value> parameters);
/// All jobs of a workflow, by position.
std::vector<JobRow> jobs_of(db::Session& session, std::string_view workflow_id);
void insert(db::Session& session, const JobRow& row);

std::vector<JobNode> nodes_of(const std::vector<JobRow>& rows);

/// Text as a store can keep it: without NUL.
std::string storable(std::string_view text);

}  // namespace imp::ci
