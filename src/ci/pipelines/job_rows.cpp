#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "ci/pipelines/columns.h"
#include "ci/pipelines/rows.h"

namespace imp::ci {
namespace {

namespace json = boost::json;

constexpr std::string_view job_columns =
    "id, workflow_id, pipeline_id, project_id, position, number, name, type, status, reason, "
    "requirements, contexts, resource_class, ssh, approver_id, approver_name, approved, "
    "reused_from, queued, started, stopped, runner_id, runner_name, claim_id, context_ids, "
    "lease_hash, lease_expires, accepted, output_bytes, cancel_requested";

std::string strings(const std::vector<std::string>& values) {
  return json::serialize(json::array(values.begin(), values.end()));
}

json::value parse(const std::string& text, std::string_view what) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_array()) damaged(what);
  return value;
}

std::vector<std::string> strings_of(const std::string& text) {
  std::vector<std::string> out;
  for (const json::value& value : parse(text, "list").get_array()) {
    if (!value.is_string()) damaged("list");
    out.emplace_back(value.get_string());
  }
  return out;
}

constexpr std::array statuses{config::RequiredStatus::success, config::RequiredStatus::failed,
                              config::RequiredStatus::canceled,
                              config::RequiredStatus::unauthorized,
                              config::RequiredStatus::not_run};

/// [[0, "success", "failed"], [2, "success"]]
std::string text_of(const std::vector<JobRequirement>& requirements) {
  json::array list;
  for (const JobRequirement& requirement : requirements) {
    json::array entry{requirement.job};
    for (const auto status : requirement.statuses) entry.emplace_back(config::name_of(status));
    list.push_back(std::move(entry));
  }
  return json::serialize(list);
}

std::vector<JobRequirement> requirements_of(const std::string& text) {
  std::vector<JobRequirement> out;
  for (const json::value& value : parse(text, "requirement").get_array()) {
    const json::array* entry = value.if_array();
    if (!entry || entry->empty() || !(*entry)[0].is_int64()) damaged("requirement");
    JobRequirement requirement{static_cast<std::size_t>((*entry)[0].get_int64()), {}};
    for (std::size_t i = 1; i < entry->size(); ++i) {
      const json::string* word = (*entry)[i].if_string();
      for (const auto status : statuses) {
        if (word && *word == config::name_of(status)) requirement.statuses.push_back(status);
      }
    }
    out.push_back(std::move(requirement));
  }
  return out;
}

JobRow job_of(const db::Row& row) {
  JobRow out;
  out.job = {.id = row.text(0),
             .workflow_id = row.text(1),
             .pipeline_id = row.text(2),
             .project_id = row.text(3),
             .number = row.maybe_integer(5),
             .name = row.text(6),
             .type = row.text(7) == config::name_of(config::JobType::approval)
                         ? config::JobType::approval
                         : config::JobType::build,
             .status = known(job_status(row.text(8)), "job status"),
             .reason = row.text(9),
             .requirements = {},
             .contexts = strings_of(row.text(11)),
             .ssh = row.flag(13),
             .approver_name = row.text(15),
             .reused_from = row.text(17),
             .runner_name = row.text(22),
             .cancel_requested = row.flag(29),
             .queued = time_of(row, 18),
             .started = time_of(row, 19),
             .stopped = time_of(row, 20)};
  out.position = static_cast<std::size_t>(row.integer(4));
  out.requirements = requirements_of(row.text(10));
  out.resource_class = row.text(12);
  out.approver_id = row.text(14);
  out.approved = time_of(row, 16);
  out.runner_id = row.text(21);
  out.claim_id = row.text(23);
  out.context_ids = strings_of(row.text(24));
  out.lease_hash = row.text(25);
  out.lease_expires = time_of(row, 26);
  out.accepted = static_cast<std::uint64_t>(row.integer(27));
  out.output_bytes = row.integer(28);
  return out;
}

std::string ticket_column(db::Session& session, std::string_view column,
                          const std::string& job_id) {
  const auto row = session.row(
      fmt::format("SELECT {} FROM ci_job_tickets WHERE job_id = :p1", column), {job_id});
  if (!row) damaged("ticket");
  return row->text(0);
}

}  // namespace

std::optional<JobRow> find_job(db::Session& session, std::string_view id) {
  auto found = find_jobs(session, "id = :p1", {std::string(id)});
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<JobRow> find_jobs(db::Session& session, std::string_view condition,
                              std::vector<db::Value> parameters) {
  std::vector<JobRow> out;
  for (const db::Row& row :
       session.rows(fmt::format("SELECT {} FROM ci_jobs WHERE {}", job_columns, condition),
                    std::move(parameters))) {
    out.push_back(job_of(row));
  }
  return out;
}

std::vector<JobRow> jobs_of(db::Session& session, std::string_view workflow_id) {
  auto rows = find_jobs(session, "workflow_id = :p1 ORDER BY position", {std::string(workflow_id)});
  for (JobRow& row : rows) {
    for (const JobRequirement& requirement : row.requirements) {
      if (requirement.job >= rows.size()) damaged("requirement");
      row.job.requirements.push_back({rows[requirement.job].job.name, requirement.statuses});
    }
  }
  return rows;
}

void insert(db::Session& session, const JobRow& row, std::string_view ticket_template) {
  const Job& job = row.job;
  db::Value number;
  if (job.number) number = *job.number;
  session.run(
      "INSERT INTO ci_jobs (id, workflow_id, pipeline_id, project_id, position, number, name, "
      "type, status, reason, requirements, contexts, resource_class, ssh, approver_id, "
      "approver_name, approved, reused_from, queued, started, stopped, runner_id, runner_name, "
      "claim_id, context_ids, lease_hash, lease_expires, credential_hash, accepted, output_bytes, "
      "cancel_requested) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11, :p12, "
      ":p13, :p14, :p15, :p16, :p17, :p18, :p19, :p20, :p21, '', :p22, '', :p23, '', NULL, '', 0, "
      "0, "
      "0)",
      {job.id,
       job.workflow_id,
       job.pipeline_id,
       job.project_id,
       static_cast<std::int64_t>(row.position),
       number,
       job.name,
       std::string(config::name_of(job.type)),
       std::string(name(job.status)),
       job.reason,
       text_of(row.requirements),
       strings(job.contexts),
       row.resource_class,
       std::int64_t{job.ssh},
       row.approver_id,
       job.approver_name,
       value_of(row.approved),
       job.reused_from,
       value_of(job.queued),
       value_of(job.started),
       value_of(job.stopped),
       job.runner_name,
       strings(row.context_ids)});
  session.run("INSERT INTO ci_job_tickets (job_id, template, sealed) VALUES (:p1, :p2, '')",
              {job.id, std::string(ticket_template)});
}

std::string ticket_template_of(db::Session& session, const std::string& job_id) {
  return ticket_column(session, "template", job_id);
}

std::string sealed_ticket_of(db::Session& session, const std::string& job_id) {
  return ticket_column(session, "sealed", job_id);
}

void set_sealed_ticket(db::Session& session, const std::string& job_id, std::string sealed) {
  session.run("UPDATE ci_job_tickets SET sealed = :p1 WHERE job_id = :p2",
              {std::move(sealed), job_id});
}

std::vector<JobNode> nodes_of(const std::vector<JobRow>& rows) {
  std::vector<JobNode> nodes;
  nodes.reserve(rows.size());
  for (const JobRow& row : rows) nodes.push_back({row.job.type, row.job.status, row.requirements});
  return nodes;
}

}  // namespace imp::ci
