#include "ci/runner/job_environment.h"

#include <fmt/format.h>
#include <unistd.h>

#include "ci/runner/job_directories.h"
#include "ci/runner/process.h"

namespace imp::ci::runner {

namespace {

void set(std::vector<NamedValue>& variables, std::string_view name, std::string_view value) {
  for (auto& variable : variables) {
    if (variable.name == name) {
      variable.value = value;
      return;
    }
  }
  variables.push_back({std::string(name), std::string(value)});
}

void set_runner_builtins(std::vector<NamedValue>& variables, const JobTicket& ticket) {
  set(variables, "BASH_ENV", fmt::format("/tmp/{}", bash_env_name(ticket)));
  set(variables, "CIRCLE_WORKING_DIRECTORY",
      ticket.working_directory.empty() ? "~/project" : ticket.working_directory);
  set(variables, "CIRCLE_INTERNAL_SOCKET", fmt::format("{}/job.sock", job_control));
}

}  // namespace

std::vector<NamedValue> base_environment() {
  // npm installs globally below the home directory, because the toolchain itself is shared by jobs.
  std::vector<NamedValue> out = {
      {"HOME", std::string(job_home)},
      {"USER", "circleci"},
      {"LOGNAME", "circleci"},
      {"SHELL", "/bin/bash"},
      {"LANG", "C.UTF-8"},
      {"PATH", fmt::format("{0}/bin:{1}/.npm-global/bin:{0}/node/bin:{1}/.local/bin:{1}/bin:"
                           "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                           job_control, job_home)},
      {"NPM_CONFIG_PREFIX", fmt::format("{}/.npm-global", job_home)}};
  for (const std::string& entry : network_environment()) {
    const std::size_t equals = entry.find('=');
    set(out, entry.substr(0, equals), entry.substr(equals + 1));
  }
  return out;
}

std::vector<NamedValue> job_environment(const JobTicket& ticket,
                                        const std::vector<NamedValue>& of_step) {
  std::vector<NamedValue> out = base_environment();
  bool runner_builtins = false;
  for (const Variable& variable : ticket.environment) {
    if (variable.source == VariableSource::job && !runner_builtins) {
      set_runner_builtins(out, ticket);
      runner_builtins = true;
    }
    set(out, variable.name, variable.value);
  }
  if (!runner_builtins) set_runner_builtins(out, ticket);
  for (const auto& [name, value] : of_step) set(out, name, value);
  return out;
}

std::string bash_env_name(const JobTicket& ticket) { return ".bash_env-" + ticket.job_id; }

std::string resolve_directory(std::string_view text, std::string_view base) {
  if (text.empty()) return std::string(base);
  if (text == "~") return std::string(job_home);
  if (text.starts_with("~/")) return fmt::format("{}/{}", job_home, text.substr(2));
  if (text.front() == '/') return std::string(text);
  return fmt::format("{}/{}", base, text);
}

std::string working_directory(const JobTicket& ticket) {
  const std::string project = fmt::format("{}/project", job_home);
  // A relative one starts at the home directory, where a job begins.
  return ticket.working_directory.empty() ? project
                                          : resolve_directory(ticket.working_directory, job_home);
}

std::vector<std::string> shell_words(std::string_view shell) {
  if (shell.empty()) {
    const bool bash = ::access("/bin/bash", X_OK) == 0;
    return {bash ? "/bin/bash" : "/bin/sh", "-eo", "pipefail"};
  }
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at < shell.size()) {
    const std::size_t end = std::min(shell.find_first_of(" \t\n", at), shell.size());
    if (end > at) out.emplace_back(shell.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

}  // namespace imp::ci::runner
