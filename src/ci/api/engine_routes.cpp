#include "ci/api/engine_routes.h"

#include <fmt/format.h>

#include <charconv>

namespace imp::ci {
namespace {

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

void add_engine_routes(http::Router& router, CiServices& services, Pipelines& pipelines) {
  add_pipeline_routes(router, services, pipelines);
  add_workflow_routes(router, services, pipelines);
  add_job_routes(router, services, pipelines);
  add_runner_routes(router, services, pipelines);
  add_git_routes(router, services, pipelines);
}

Result<Project> project_of(const Call& call, std::string_view project_id,
                           const Failure& when_hidden) {
  auto project = call.services.projects.find(project_id);
  if (!project) return project;
  const auto standing = standing_in(call, project->organization_id);
  if (!standing) return pass_on(standing);
  if (!standing->member) return std::unexpected(when_hidden);
  return project;
}

Result<std::optional<std::int64_t>> number_in_query(const http::Request& request,
                                                    std::string_view name, std::int64_t most) {
  const auto text = request.query(name);
  if (!text || text->empty()) return std::nullopt;
  const auto value = number(*text);
  if (!value || *value > most) {
    return refuse(ApiRefusal::invalid_parameter,
                  fmt::format("\"{}\" is a number from 0 to {}.", name, most));
  }
  return value;
}

std::int64_t number_in_path(const Call& call, std::string_view name) {
  return number(call.param(name)).value_or(0);
}

boost::json::value json_time(const std::optional<Time>& time) {
  if (!time) return nullptr;
  return boost::json::value(iso8601(*time));
}

}  // namespace imp::ci
