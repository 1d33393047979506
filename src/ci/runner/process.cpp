#include "ci/runner/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <thread>

#include "base/descriptor.h"
#include "base/error_text.h"
#include "base/spawn_plan.h"
#include "ci/runner/refusals.h"

namespace imp::ci::runner {

namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds tick{50};

std::vector<char*> pointers(const std::vector<std::string>& values) {
  std::vector<char*> out;
  out.reserve(values.size() + 1);
  for (const auto& value : values) out.push_back(const_cast<char*>(value.c_str()));
  out.push_back(nullptr);
  return out;
}

struct Started {
  pid_t pid = -1;
  Descriptor output;
};

Result<Started> start(const Process& process) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return refuse(RunnerRefusal::process_failed, "No pipe can be made for a program.",
                  error_text(errno));
  }
  Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);

  SpawnPlan plan;
  plan.stream(STDIN_FILENO, -1);
  plan.stream(STDOUT_FILENO, write_end.get());
  plan.stream(STDERR_FILENO, write_end.get());
  if (process.descriptor_3) plan.stream(3, *process.descriptor_3);
  plan.close_from(process.descriptor_3 ? 4 : 3);
  plan.change_directory(process.directory);

  auto arguments = pointers(process.arguments);
  auto environment = pointers(process.environment);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, process.arguments.front().c_str(), plan.actions(),
                                  plan.attributes(), arguments.data(), environment.data());
  if (error != 0) {
    return refuse(
        RunnerRefusal::process_failed,
        fmt::format("{} cannot be started: {}.", process.arguments.front(), error_text(error)));
  }
  return Started{pid, std::move(read_end)};
}

/// Gives what is there to the sink. False at the end of the stream.
bool read_some(int descriptor, const std::function<void(std::string_view)>& sink) {
  std::array<char, 64 * 1024> buffer;
  const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  if (count == 0) return false;
  sink(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
  return true;
}

bool readable(int descriptor, milliseconds wait) {
  pollfd entry{descriptor, POLLIN, 0};
  return ::poll(&entry, 1, static_cast<int>(wait.count())) > 0;
}

/// True once the process is a zombie; does not reap it.
bool has_ended(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid;
}

int exit_code_of(int status) {
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
  return 255;
}

std::optional<EndReason> why_kill(const Watch& watch, SteadyClock::time_point last_output) {
  if (watch.stop()) return EndReason::stopped;
  const auto now = SteadyClock::now();
  if (now >= watch.deadline) return EndReason::deadline;
  if (watch.no_output && now - last_output >= *watch.no_output) return EndReason::no_output;
  return std::nullopt;
}

/// After a kill: what was already written still belongs to the output. A process that escaped the
/// group may hold the pipe open, hence the bound.
void drain(int descriptor, const std::function<void(std::string_view)>& sink) {
  const auto until = SteadyClock::now() + std::chrono::seconds(1);
  while (SteadyClock::now() < until) {
    if (!readable(descriptor, tick)) continue;
    if (!read_some(descriptor, sink)) return;
  }
}

}  // namespace

Result<ProcessEnd> run_process(const Process& process, const Watch& watch,
                               const std::function<void(std::string_view)>& sink) {
  Result<Started> started = start(process);
  if (!started) return pass_on(started);
  const pid_t pid = started->pid;
  const int output = started->output.get();

  auto last_output = SteadyClock::now();
  bool open = true;
  bool gone = false;
  int status = 0;
  while (!gone) {
    if (const auto reason = why_kill(watch, last_output)) {
      ::kill(-pid, SIGKILL);
      if (open) drain(output, sink);
      while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
      }
      return ProcessEnd{*reason, exit_code_of(status)};
    }
    if (open && readable(output, tick)) {
      open = read_some(output, sink);
      last_output = SteadyClock::now();
      if (open) continue;
    } else if (!open) {
      std::this_thread::sleep_for(milliseconds(2));
    }
    gone = has_ended(pid);
  }
  // Before it is reaped: until then its number cannot name somebody else's group.
  ::kill(-pid, SIGKILL);
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  while (open && readable(output, milliseconds(0))) open = read_some(output, sink);
  return ProcessEnd{EndReason::exited, exit_code_of(status)};
}

Result<std::string> capture(const Process& process, const Watch& watch) {
  std::string out;
  const auto end = run_process(process, watch, [&](std::string_view bytes) {
    constexpr std::size_t limit = 16u << 20;
    out.append(bytes.substr(0, limit - std::min(limit, out.size())));
  });
  if (!end) return pass_on(end);
  const std::string tail = out.substr(out.size() - std::min<std::size_t>(out.size(), 2000));
  if (end->reason != EndReason::exited) {
    return refuse(RunnerRefusal::process_failed,
                  fmt::format("{} took too long and was stopped.", process.arguments.front()),
                  tail);
  }
  if (end->exit_code != 0) {
    return refuse(
        RunnerRefusal::process_failed,
        fmt::format("{} ended with exit code {}.", process.arguments.front(), end->exit_code),
        tail);
  }
  return out;
}

}  // namespace imp::ci::runner
