#include <signal.h>

#include <iostream>
#include <thread>

#include "app/commands/commands.h"
#include "app/commands/log_choice.h"
#include "app/programs.h"
#include "app/refusal.h"
#include "ci/runner/runner.h"
#include "cli/refusal.h"
#include "http/client.h"

namespace imp::app {

namespace {

struct RunnerFlags {
  ci::runner::RunnerOptions options;
  std::string work;
  std::string log_format = "text", log_level = "info";
  bool no_network = false;
};

/// Turns SIGINT and SIGTERM into a stop request; ends with the stop source.
std::jthread watch_signals(std::stop_source stop) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return std::jthread([signals, stop](std::stop_token ended) mutable {
    const timespec period{.tv_sec = 0, .tv_nsec = 100'000'000};
    while (!ended.stop_requested()) {
      if (sigtimedwait(&signals, nullptr, &period) > 0) {
        stop.request_stop();
        return;
      }
    }
  });
}

int run(RunnerFlags flags) {
  if (!std::getline(std::cin, flags.options.token) || flags.options.token.empty()) {
    return complain(refuse(cli::CliRefusal::unusable_input,
                           "Send the runner's token as one line on standard input.")
                        .error());
  }
  flags.options.jobtool = jobtool_path();
  if (flags.options.jobtool.empty()) {
    return complain(refuse(AppRefusal::runner_failed,
                           "The program `circleci`, which jobs need, is not beside this one.")
                        .error());
  }
  flags.options.work_directory = flags.work + "/jobs";
  flags.options.cache_directory = flags.work + "/cache";
  flags.options.network = !flags.no_network;
  std::stop_source stop;
  const auto watcher = watch_signals(stop);
  const auto client = http::make_client();
  const SystemClock clock;
  const auto log = make_log(flags.log_format, flags.log_level);
  const auto done = ci::runner::run_runner(flags.options, *client, clock, *log, stop.get_token());
  return done ? 0 : complain(done.error());
}

}  // namespace

void add_runner_command(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand(
      "runner", "Run jobs for a server. Reads the runner's token from standard input.");
  auto flags = std::make_shared<RunnerFlags>();
  command
      ->add_option("--url", flags->options.server_url, "the server, such as http://localhost:4873")
      ->required();
  command->add_option("--work", flags->work, "absolute directory for jobs and caches")->required();
  command->add_option("--name", flags->options.name,
                      "shown in job logs (default: the host's name)");
  command->add_option("--label", flags->options.labels,
                      "resource class to serve (default: any); repeatable");
  command->add_option("--jobs", flags->options.concurrency, "jobs at a time (default 1)");
  command->add_option("--hide", flags->options.hidden_paths,
                      "path that no job may see; repeatable");
  command->add_option("--processes", flags->options.processes,
                      "processes and threads that jobs may have (default 4096)");
  command->add_option("--log-format", flags->log_format, "text (default) or json")
      ->check(CLI::IsMember({"text", "json"}));
  command->add_option("--log-level", flags->log_level, "debug, info (default), warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  command->add_flag("--no-network", flags->no_network, "jobs have no network");
  command->callback([flags, &chosen] { chosen = [flags] { return run(*flags); }; });
}

}  // namespace imp::app
