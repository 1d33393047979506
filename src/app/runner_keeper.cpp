#include "app/runner_keeper.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "app/runner_process.h"

namespace imp::app {

namespace {

using SteadyClock = std::chrono::steady_clock;

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
  return fmt::format("exit code {}", WEXITSTATUS(status));
}

}  // namespace

std::string_view name(RunnerState state) {
  switch (state) {
    case RunnerState::none:
      return "none";
    case RunnerState::running:
      return "running";
    case RunnerState::restarting:
      return "restarting";
  }
  return "";
}

RunnerKeeper::RunnerKeeper(Prepare prepare, std::atomic<RunnerState>& state, Log& log,
                           Metrics& metrics, Times times)
    : prepare_(std::move(prepare)),
      state_(state),
      log_(log),
      metrics_(metrics),
      times_(times),
      thread_([this] { keep(); }) {}

RunnerKeeper::~RunnerKeeper() {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    if (child_ > 0) kill(child_, SIGTERM);
    if (!changed_.wait_for(lock, times_.patience, [this] { return child_ < 0; })) {
      log_.warning("runner killed", {{"reason", "it did not end in time"}});
      kill(child_, SIGKILL);
    }
  }
  thread_.join();
  log_.info("runner stopped");
}

void RunnerKeeper::keep() {
  Milliseconds pause = times_.first_pause;
  for (;;) {
    const auto began = SteadyClock::now();
    try {
      start();
    } catch (const std::exception& error) {
      log_.error("runner not started", {{"reason", error.what()}});
    }
    if (has_child()) wait_for_end();
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    set(RunnerState::restarting);
    if (SteadyClock::now() - began >= times_.lasting) pause = times_.first_pause;
    log_.info("runner is started again", {{"in_ms", std::int64_t{pause.count()}}});
    if (changed_.wait_for(lock, pause, [this] { return stopping_; })) return;
    pause = std::min(pause * 2, times_.longest_pause);
  }
}

void RunnerKeeper::start() {
  const auto command = prepare_();
  if (!command) {
    log_.error("runner not started",
               {{"reason", command.error().message}, {"detail", command.error().detail}});
    return;
  }
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  const auto child = start_runner_process(*command);
  if (!child) {
    log_.error("runner not started",
               {{"reason", child.error().message}, {"detail", child.error().detail}});
    return;
  }
  child_ = *child;
  metrics_.count("imprimatur_runner_starts_total");
  set(RunnerState::running);
  log_.info("runner started", {{"pid", std::int64_t{child_}}});
}

bool RunnerKeeper::has_child() {
  const std::lock_guard lock(mutex_);
  return child_ > 0;
}

void RunnerKeeper::wait_for_end() {
  siginfo_t info{};
  // Not reaped yet: until then its number cannot become somebody else's, and be killed.
  while (waitid(P_PID, static_cast<id_t>(child_), &info, WEXITED | WNOWAIT) != 0 &&
         errno == EINTR) {
  }
  const std::lock_guard lock(mutex_);
  int status = 0;
  while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
  changed_.notify_all();
  if (!stopping_) log_.error("runner ended by itself", {{"how", how_it_ended(status)}});
}

void RunnerKeeper::set(RunnerState state) {
  state_ = state;
  metrics_.set("imprimatur_runner_up", state == RunnerState::running ? 1 : 0);
}

}  // namespace imp::app
