#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "ci/api/endpoint.h"

namespace imp::ci {
namespace {

/// CircleCI's settings that have one value here: what this server does anyway. Sending that value
/// is allowed, so that a document that was read can be written back.
boost::json::object fixed_settings() {
  return {{"autocancel_builds", false},
          {"build_prs_only", false},
          {"set_github_status", false},
          {"setup_workflows", false},
          {"write_settings_requires_admin", true},
          {"pr_only_branch_overrides", boost::json::array()}};
}

boost::json::object to_json(const ProjectSettings& settings) {
  boost::json::object advanced = fixed_settings();
  advanced["build_fork_prs"] = settings.build_fork_prs;
  advanced["forks_receive_secret_env_vars"] = settings.pass_secrets_to_forks;
  advanced["disable_ssh"] = settings.disable_ssh;
  advanced["oss"] = false;
  return {{"advanced", std::move(advanced)}};
}

std::optional<bool>* changed_setting(SettingsChange& change, std::string_view name) {
  if (name == "build_fork_prs") return &change.build_fork_prs;
  if (name == "forks_receive_secret_env_vars") return &change.pass_secrets_to_forks;
  if (name == "disable_ssh") return &change.disable_ssh;
  return nullptr;
}

Result<void> read_setting(std::string_view name, const boost::json::value& value,
                          SettingsChange& change) {
  if (auto* setting = changed_setting(change, name)) {
    const auto* flag = value.if_bool();
    if (!flag) {
      return refuse(ApiRefusal::malformed_body,
                    fmt::format("The setting 'advanced.{}' is true or false.", name));
    }
    *setting = *flag;
    return {};
  }
  if (name == "oss") {
    return refuse(ApiRefusal::unsupported_setting, "Unexpected field 'advanced.oss'.");
  }
  const boost::json::object fixed = fixed_settings();
  const auto* only = fixed.if_contains(name);
  if (!only) {
    return refuse(ApiRefusal::unknown_setting, fmt::format("Unknown advanced setting '{}'.", name));
  }
  if (*only == value) return {};
  return refuse(ApiRefusal::unsupported_setting,
                fmt::format("This server cannot change 'advanced.{}'.", name));
}

Result<SettingsChange> change_in(const boost::json::object& body) {
  const auto* advanced = body.if_contains("advanced");
  const auto* object = advanced ? advanced->if_object() : nullptr;
  if (!object || object->empty()) {
    return refuse(ApiRefusal::malformed_body,
                  "No JSON fields found. Settings are members of \"advanced\".");
  }
  SettingsChange change;
  for (const auto& member : *object) {
    if (auto read = read_setting(member.key(), member.value(), change); !read) return pass_on(read);
  }
  return change;
}

Result<http::Response> show_settings(const Call& call) {
  const auto project = project_for_member(call);
  if (!project) return pass_on(project);
  return http::json(200, to_json(project->settings));
}

Result<http::Response> change_settings(const Call& call) {
  const auto project = project_for_admin(call);
  if (!project) return pass_on(project);
  const auto body = body_of(call);
  if (!body) return pass_on(body);
  const auto change = change_in(*body);
  if (!change) return pass_on(change);
  const auto changed =
      call.services.projects.change_settings(project->id, *change, call.caller.actor());
  if (!changed) return pass_on(changed);
  return http::json(200, to_json(changed->settings));
}

}  // namespace

void add_project_settings_routes(http::Router& router, CiServices& services) {
  constexpr std::string_view settings =
      "/api/v2/project/{provider}/{organization}/{project}/settings";
  add_endpoint(router, services, http::Method::get, settings, show_settings);
  add_endpoint(router, services, http::Method::patch, settings, change_settings);
}

}  // namespace imp::ci
