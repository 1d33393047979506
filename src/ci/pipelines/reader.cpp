#include "ci/pipelines/reader.h"

#include <algorithm>

#include "base/encoding.h"
#include "ci/pipelines/columns.h"
#include "ci/pipelines/pipeline_facts.h"
#include "ci/pipelines/refusal.h"
#include "ci/pipelines/rows.h"

namespace imp::ci {
namespace {

std::unexpected<Failure> no_pipeline() {
  return refuse(PipelineRefusal::pipeline_not_found, "There is no such pipeline.");
}
std::unexpected<Failure> no_job() {
  return refuse(PipelineRefusal::job_not_found, "There is no such job.");
}

WorkflowView view_of(db::Session& session, Workflow workflow) {
  WorkflowView view{std::move(workflow), {}};
  for (JobRow& row : jobs_of(session, view.workflow.id)) view.jobs.push_back(std::move(row.job));
  return view;
}

PipelineView view_of(db::Session& session, Pipeline pipeline) {
  PipelineView view{std::move(pipeline), {}};
  for (Workflow& workflow : workflows_of(session, view.pipeline.id)) {
    view.workflows.push_back(view_of(session, std::move(workflow)));
  }
  return view;
}

std::vector<JobStep> steps_of(db::Session& session, const std::string& job_id) {
  std::vector<JobStep> steps;
  for (const db::Row& row : session.rows(
           "SELECT step, name, outcome, exit_code, started, stopped FROM ci_job_steps WHERE job_id "
           "= :p1 ORDER BY step",
           {job_id})) {
    JobStep step;
    step.number = static_cast<std::uint32_t>(row.integer(0));
    step.name = row.text(1);
    step.outcome = row.text(2);
    if (const auto code = row.maybe_integer(3)) step.exit_code = static_cast<std::int32_t>(*code);
    step.started = time_of(row, 4);
    step.stopped = time_of(row, 5);
    steps.push_back(std::move(step));
  }
  return steps;
}

/// The job that ran: the one whose result this one took over, or itself.
const std::string& ran_as(const Job& job) {
  return job.reused_from.empty() ? job.id : job.reused_from;
}

Result<JobView> view_of(db::Session& session, std::optional<JobRow> row) {
  if (!row) return no_job();
  auto pipeline = find_pipeline(session, row->job.pipeline_id);
  auto workflow = find_workflow(session, row->job.workflow_id);
  if (!pipeline || !workflow) return no_job();
  // The names of what it requires are in its workflow.
  for (JobRow& sibling : jobs_of(session, workflow->id)) {
    if (sibling.job.id == row->job.id) row->job = std::move(sibling.job);
  }
  JobView view{std::move(*pipeline), std::move(*workflow), std::move(row->job), {}};
  view.steps = steps_of(session, ran_as(view.job));
  return view;
}

}  // namespace

Result<std::vector<PipelineView>> PipelineReader::list(const PipelineQuery& query) const {
  return services_.database.read([&](db::Session& session) -> Result<std::vector<PipelineView>> {
    std::vector<db::Value> parameters;
    const auto bind = [&](db::Value value) {
      parameters.push_back(std::move(value));
      return fmt::format(":p{}", parameters.size());
    };
    std::string condition =
        query.project_id.empty()
            ? fmt::format("project_id IN (SELECT id FROM ci_projects WHERE organization_id = {})",
                          bind(query.organization_id))
            : fmt::format("project_id = {}", bind(query.project_id));
    if (!query.before_id.empty()) {
      // Looked for among the same pipelines: one of another project is as absent as any.
      std::vector<db::Value> scope = parameters;
      scope.emplace_back(query.before_id);
      const auto before =
          find_pipelines(session, fmt::format("{} AND id = :p{}", condition, scope.size()), scope);
      if (before.empty()) return no_pipeline();
      const std::string created = bind(to_milliseconds(before.front().created));
      const std::string again = bind(to_milliseconds(before.front().created));
      condition += fmt::format(" AND (created < {} OR (created = {} AND id < {}))", created, again,
                               bind(before.front().id));
    }
    if (!query.branch.empty()) condition += fmt::format(" AND branch = {}", bind(query.branch));
    condition += fmt::format(" ORDER BY created DESC, id DESC LIMIT {}",
                             bind(static_cast<std::int64_t>(query.limit)));
    std::vector<PipelineView> out;
    for (Pipeline& pipeline : find_pipelines(session, condition, parameters)) {
      out.push_back(view_of(session, std::move(pipeline)));
    }
    return out;
  });
}

Result<PipelineView> PipelineReader::pipeline(std::string_view id) const {
  return services_.database.read([&](db::Session& session) -> Result<PipelineView> {
    auto pipeline = find_pipeline(session, id);
    if (!pipeline) return no_pipeline();
    return view_of(session, std::move(*pipeline));
  });
}

Result<PipelineView> PipelineReader::pipeline(std::string_view project_id,
                                              std::int64_t number) const {
  return services_.database.read([&](db::Session& session) -> Result<PipelineView> {
    auto found = find_pipelines(session, "project_id = :p1 AND number = :p2",
                                {std::string(project_id), number});
    if (found.empty()) return no_pipeline();
    return view_of(session, std::move(found.front()));
  });
}

Result<PipelineConfig> PipelineReader::config(std::string_view pipeline_id) const {
  return services_.database.read([&](db::Session& session) -> Result<PipelineConfig> {
    const auto row =
        session.row("SELECT config_source, config_compiled FROM ci_pipelines WHERE id = :p1",
                    {std::string(pipeline_id)});
    if (!row) return no_pipeline();
    return PipelineConfig{row->text(0), row->text(1)};
  });
}

Result<config::PipelineValues> PipelineReader::values(std::string_view pipeline_id) const {
  return services_.database.read([&](db::Session& session) -> Result<config::PipelineValues> {
    const auto row = session.row("SELECT pipeline_values FROM ci_pipelines WHERE id = :p1",
                                 {std::string(pipeline_id)});
    if (!row) return no_pipeline();
    return values_from_json(row->text(0));
  });
}

Result<WorkflowView> PipelineReader::workflow(std::string_view id) const {
  return services_.database.read([&](db::Session& session) -> Result<WorkflowView> {
    auto workflow = find_workflow(session, id);
    if (!workflow) {
      return refuse(PipelineRefusal::workflow_not_found, "There is no such workflow.");
    }
    return view_of(session, std::move(*workflow));
  });
}

Result<JobView> PipelineReader::job(std::string_view id) const {
  return services_.database.read([&](db::Session& session) -> Result<JobView> {
    return view_of(session, find_job(session, id));
  });
}

Result<JobView> PipelineReader::job(std::string_view project_id, std::int64_t number) const {
  return services_.database.read([&](db::Session& session) -> Result<JobView> {
    auto rows = find_jobs(session, "project_id = :p1 AND number = :p2 AND reused_from = ''",
                          {std::string(project_id), number});
    if (rows.empty()) return no_job();
    return view_of(session, std::move(rows.front()));
  });
}

Result<std::vector<OutputChunk>> PipelineReader::output(std::string_view job_id, std::int64_t after,
                                                        std::size_t limit) const {
  return services_.database.read([&](db::Session& session) -> Result<std::vector<OutputChunk>> {
    const auto row = find_job(session, job_id);
    if (!row) return no_job();
    std::vector<OutputChunk> chunks;
    std::size_t size = 0;
    while (size < limit) {
      // In small portions: a chunk may have a megabyte.
      const auto rows = session.rows(
          "SELECT sequence, step, bytes FROM ci_job_output WHERE job_id = :p1 AND sequence > :p2 "
          "ORDER BY sequence LIMIT 64",
          {ran_as(row->job), after});
      for (const db::Row& chunk : rows) {
        if (size >= limit) return chunks;
        after = chunk.integer(0);
        const auto bytes = from_base64(chunk.text(2));
        if (!bytes) throw db::StoreError("unreadable output of a job", false);
        chunks.push_back(
            {after, static_cast<std::uint32_t>(chunk.integer(1)), std::string(text_of(*bytes))});
        size += bytes->size();
      }
      if (rows.size() < 64) break;
    }
    return chunks;
  });
}

}  // namespace imp::ci
