#include <signal.h>

#include <iostream>

#include "accounts/bootstrap.h"
#include "app/application.h"
#include "app/commands/commands.h"
#include "app/commands/log_choice.h"

extern char** environ;

namespace imp::app {

namespace {

/// SIGINT and SIGTERM, for sigwait(): blocked before any thread starts, so that all inherit it.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int serve(const Flags& flags) {
  const auto settings = load_settings(flags, environ);
  if (!settings) return complain(settings.error());
  const sigset_t stop_signals = block_stop_signals();
  const auto log = make_log(settings->log_format, settings->log_level);
  const SystemClock clock;
  auto application = Application::create(*settings, clock, *log);
  if (!application) return complain(application.error());
  if (const auto started = (*application)->start(); !started) return complain(started.error());
  log->info("listening", {{"address", settings->listen},
                          {"url", (*application)->public_url()},
                          {"data", settings->data}});
  const auto token = (*application)->setup_token();
  if (!token) return complain(token.error());
  if (*token) {
    // On standard output alone: logs are kept and shipped, and this is a credential.
    std::cout << "Create the first administrator at " << (*application)->public_url()
              << accounts::kSetupPath << **token << std::endl;
  }
  int signal = 0;
  sigwait(&stop_signals, &signal);
  log->info("stopping", {{"signal", std::int64_t{signal}}});
  (*application)->stop();
  log->info("stopped");
  return 0;
}

}  // namespace

void add_serve_command(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand("serve", "Run the server.");
  auto flags = std::make_shared<Flags>();
  add_data_flags(*command, *flags);
  command->add_option("--listen", flags->listen, "HOST:PORT to listen on (default 127.0.0.1:4873)");
  command->add_option("--public-url", flags->public_url, "how clients reach this server");
  command->add_flag("--no-runner", flags->no_runner, "start no runner beside the server");
  command->callback([flags, &chosen] { chosen = [flags] { return serve(*flags); }; });
}

}  // namespace imp::app
