#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"

namespace imp::ci::runner {

/// A program to start. Its environment is exactly `environment`; it leads its own process group,
/// reads nothing (/dev/null), and writes standard output and error into one stream, in order. It
/// inherits no other descriptor of this process.
struct Process {
  std::vector<std::string> arguments;    ///< the first is an absolute path
  std::vector<std::string> environment;  ///< "NAME=value"
  std::string directory = "/";
  std::optional<int> descriptor_3;  ///< open in the program as descriptor 3
};

/// When to kill a program.
struct Watch {
  using SteadyTime = std::chrono::steady_clock::time_point;

  std::optional<Milliseconds> no_output;  ///< silence for this long
  SteadyTime deadline = SteadyTime::max();
  std::function<bool()> stop = [] { return false; };  ///< asked about twenty times a second
};

enum class EndReason : std::uint8_t { exited, no_output, deadline, stopped };

struct ProcessEnd {
  EndReason reason = EndReason::exited;
  int exit_code = 0;  ///< 128 + n for signal n; meaningless unless it exited by itself
};

/// Runs the program to its end, giving its output to `sink` as it arrives. Whatever ends it, its
/// process group is killed before this returns. The calling thread is the program's parent:
/// programs that die with their parent die with this thread. Failure: `process_failed`.
Result<ProcessEnd> run_process(const Process& process, const Watch& watch,
                               const std::function<void(std::string_view)>& sink);

/// Runs a short host program and returns what it wrote; a non-zero exit or a kill is a failure with
/// the last of the output as `detail`.
Result<std::string> capture(const Process& process, const Watch& watch);

/// The variables of this process that host programs (git, npm) need: PATH, HOME, locale, proxies,
/// certificates, npm's own settings. Never a credential of the runner.
std::vector<std::string> host_environment();

/// Those of them that jobs need as well, because they use this machine's network: proxies and
/// trusted certificates. A proxy with a user name is left out: its password is not the jobs' to
/// know.
std::vector<std::string> network_environment();

/// The absolute path of a program of this machine, searched in PATH and then in the system's own
/// directories; nothing when it is not installed.
std::optional<std::string> find_program(std::string_view name);

}  // namespace imp::ci::runner
