#include "ci/runner/runner.h"

#include <unistd.h>

#include <array>
#include <mutex>
#include <thread>

#include "ci/runner/agent.h"
#include "ci/runner/held_directory.h"
#include "ci/runner/refusals.h"

namespace imp::ci::runner {

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name[0] == '\0' ? "runner" : name.data();
}

Result<void> check(const RunnerOptions& options) {
  const auto refused = [](std::string message) {
    return refuse(RunnerRefusal::bad_options, std::move(message));
  };
  if (!options.server_url.starts_with("http://") && !options.server_url.starts_with("https://")) {
    return refused("The runner needs the server's URL, starting with http:// or https://.");
  }
  if (options.token.empty()) return refused("The runner needs a token of the server.");
  if (options.concurrency < 1 || options.concurrency > 256) {
    return refused("A runner runs 1 to 256 jobs at a time.");
  }
  if (options.processes < 16) return refused("Jobs need at least 16 processes.");
  for (const std::string& path :
       {options.work_directory, options.cache_directory, options.jobtool}) {
    if (!path.starts_with('/')) {
      return refused("The runner's directories and the program for jobs must be absolute paths.");
    }
  }
  return {};
}

Result<JobSettings> settings_of(const RunnerOptions& options) {
  auto sandbox = find_sandbox();
  if (!sandbox) return pass_on(sandbox);
  sandbox->jobtool = options.jobtool;
  sandbox->network = options.network;
  sandbox->processes = options.processes;
  sandbox->readable_paths = options.readable_paths;
  sandbox->hidden_paths = options.hidden_paths;
  sandbox->hidden_paths.push_back(options.work_directory);
  sandbox->hidden_paths.push_back(options.cache_directory);
  sweep(options.work_directory);
  if (auto works = probe(*sandbox, options.work_directory); !works) return pass_on(works);
  JobSettings out;
  out.sandbox = std::move(*sandbox);
  out.work_directory = options.work_directory;
  out.runner_name = options.name.empty() ? host_name() : options.name;
  out.limits = {options.step_output_limit, options.job_output_limit};
  return out;
}

}  // namespace

Result<void> run_runner(const RunnerOptions& options, http::Client& client, const Clock& clock,
                        Log& log, std::stop_token stop) {
  if (auto checked = check(options); !checked) return checked;
  const auto settings = settings_of(options);
  if (!settings) return pass_on(settings);
  const ServerLink server(client, options.server_url, options.token);
  NodeToolchains toolchains(options.cache_directory, clock);
  AgentOptions agent;
  agent.labels = options.labels;

  log.info("runner_ready", {{"name", settings->runner_name},
                            {"server", options.server_url},
                            {"jobs", static_cast<std::int64_t>(options.concurrency)}});
  // One slot's failure ends the others as well.
  std::stop_source all;
  const std::stop_callback forward(stop, [&] { all.request_stop(); });
  std::mutex mutex;
  Result<void> outcome;
  {
    std::vector<std::jthread> slots;
    slots.reserve(options.concurrency);
    for (unsigned i = 0; i < options.concurrency; ++i) {
      slots.emplace_back([&] {
        auto served = serve_slot(agent, *settings, server, toolchains, clock, log, all.get_token());
        if (served) return;
        std::lock_guard lock(mutex);
        outcome = std::move(served);
        all.request_stop();
      });
    }
  }
  log.info("runner_stopped", {{"name", settings->runner_name}});
  return outcome;
}

}  // namespace imp::ci::runner
