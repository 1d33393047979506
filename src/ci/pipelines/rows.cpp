#include "ci/pipelines/rows.h"

#include <fmt/format.h>

#include "base/uuid.h"
#include "ci/pipelines/columns.h"

namespace imp::ci {
namespace {

constexpr std::string_view pipeline_columns =
    "id, project_id, number, definition_id, definition_name, config_path, state, event_name, "
    "event_action, actor_id, actor_name, source_project_id, branch, tag, source_ref, revision, "
    "base_revision, config_ref, config_revision, from_fork, pull_request, commit_subject, errors, "
    "warnings, created";
constexpr std::string_view workflow_columns =
    "id, pipeline_id, project_id, name, status, actor_id, actor_name, canceled_by, rerun_of, "
    "workspace_id, created, stopped";

Pipeline pipeline_of(const db::Row& row) {
  return {.id = row.text(0),
          .project_id = row.text(1),
          .number = row.integer(2),
          .definition_id = row.text(3),
          .definition_name = row.text(4),
          .config_path = row.text(5),
          .state = known(pipeline_state(row.text(6)), "state"),
          .event_name = row.text(7),
          .event_action = row.text(8),
          .actor_id = row.text(9),
          .actor_name = row.text(10),
          .source_project_id = row.text(11),
          .branch = row.text(12),
          .tag = row.text(13),
          .source_ref = row.text(14),
          .revision = row.text(15),
          .base_revision = row.text(16),
          .config_ref = row.text(17),
          .config_revision = row.text(18),
          .from_fork = row.flag(19),
          .pull_request = row.integer(20),
          .commit_subject = row.text(21),
          .errors = row.text(22),
          .warnings = row.text(23),
          .created = from_milliseconds(row.integer(24))};
}

Workflow workflow_of(const db::Row& row) {
  return {.id = row.text(0),
          .pipeline_id = row.text(1),
          .project_id = row.text(2),
          .name = row.text(3),
          .status = known(workflow_status(row.text(4)), "workflow status"),
          .actor_id = row.text(5),
          .actor_name = row.text(6),
          .canceled_by = row.text(7),
          .rerun_of = row.text(8),
          .workspace_id = row.text(9),
          .created = from_milliseconds(row.integer(10)),
          .stopped = time_of(row, 11)};
}

}  // namespace

std::optional<Pipeline> find_pipeline(db::Session& session, std::string_view id) {
  auto found = find_pipelines(session, "id = :p1", {std::string(id)});
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<Pipeline> find_pipelines(db::Session& session, std::string_view condition,
                                     std::vector<db::Value> parameters) {
  std::vector<Pipeline> out;
  for (const db::Row& row : session.rows(
           fmt::format("SELECT {} FROM ci_pipelines WHERE {}", pipeline_columns, condition),
           std::move(parameters))) {
    out.push_back(pipeline_of(row));
  }
  return out;
}

void insert(db::Session& session, const Pipeline& pipeline, std::string_view arguments) {
  session.run(
      "INSERT INTO ci_pipelines (id, project_id, number, definition_id, definition_name, "
      "config_path, state, event_name, event_action, actor_id, actor_name, source_project_id, "
      "branch, tag, source_ref, revision, base_revision, config_ref, config_revision, from_fork, "
      "pull_request, commit_subject, errors, warnings, created, arguments, pipeline_values, "
      "config_source, config_compiled) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10, "
      ":p11, :p12, :p13, :p14, :p15, :p16, :p17, :p18, :p19, :p20, :p21, :p22, :p23, :p24, :p25, "
      ":p26, '{}', '', '')",
      {pipeline.id,
       pipeline.project_id,
       pipeline.number,
       pipeline.definition_id,
       pipeline.definition_name,
       pipeline.config_path,
       std::string(name(pipeline.state)),
       pipeline.event_name,
       pipeline.event_action,
       pipeline.actor_id,
       pipeline.actor_name,
       pipeline.source_project_id,
       pipeline.branch,
       pipeline.tag,
       pipeline.source_ref,
       pipeline.revision,
       pipeline.base_revision,
       pipeline.config_ref,
       pipeline.config_revision,
       std::int64_t{pipeline.from_fork},
       pipeline.pull_request,
       storable(pipeline.commit_subject),
       pipeline.errors,
       pipeline.warnings,
       to_milliseconds(pipeline.created),
       std::string(arguments)});
}

std::optional<Workflow> find_workflow(db::Session& session, std::string_view id) {
  const auto row =
      session.row(fmt::format("SELECT {} FROM ci_workflows WHERE id = :p1", workflow_columns),
                  {std::string(id)});
  if (!row) return std::nullopt;
  return workflow_of(*row);
}

std::vector<Workflow> workflows_of(db::Session& session, std::string_view pipeline_id) {
  std::vector<Workflow> out;
  for (const db::Row& row : session.rows(
           fmt::format("SELECT {} FROM ci_workflows WHERE pipeline_id = :p1 ORDER BY position",
                       workflow_columns),
           {std::string(pipeline_id)})) {
    out.push_back(workflow_of(row));
  }
  return out;
}

void insert(db::Session& session, Workflow& workflow) {
  workflow.id = new_uuid();
  if (workflow.workspace_id.empty()) workflow.workspace_id = workflow.id;
  const auto next =
      session.row("SELECT COALESCE(MAX(position) + 1, 0) FROM ci_workflows WHERE pipeline_id = :p1",
                  {workflow.pipeline_id});
  session.run(
      "INSERT INTO ci_workflows (id, pipeline_id, project_id, name, status, actor_id, actor_name, "
      "canceled_by, rerun_of, workspace_id, created, stopped, position) VALUES (:p1, :p2, :p3, "
      ":p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11, :p12, :p13)",
      {workflow.id, workflow.pipeline_id, workflow.project_id, workflow.name,
       std::string(name(workflow.status)), workflow.actor_id, workflow.actor_name,
       workflow.canceled_by, workflow.rerun_of, workflow.workspace_id,
       to_milliseconds(workflow.created), value_of(workflow.stopped), next->integer(0)});
}

std::string storable(std::string_view text) {
  std::string out(text);
  std::erase(out, '\0');
  return out;
}

}  // namespace imp::ci
