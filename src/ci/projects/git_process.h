#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/failure.h"

namespace imp::ci {

/// A git program that is to run: without a shell, with a fixed environment (no system or user
/// configuration, no prompt, nothing of this server's environment), and with no descriptor but
/// these.
struct GitStart {
  std::vector<std::string> arguments;         ///< after "git"
  std::vector<std::string> environment = {};  ///< "NAME=value", beside the fixed ones
  int input = -1;                             ///< -1: it reads nothing
  int output = -1;                            ///< -1: what it writes is dropped
  int error = -1;
};

/// A running git. Ends with its helpers when this is destroyed.
class GitProcess {
 public:
  /// Failure: `git_failed`.
  static Result<GitProcess> start(const GitStart& start);
  GitProcess(GitProcess&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  GitProcess& operator=(GitProcess&&) = delete;
  ~GitProcess();

  /// Kills it and its helpers; wait() is still due.
  void kill() const;
  /// Waits for its end; the exit code, 128 + n for signal n. Once.
  int wait();

 private:
  explicit GitProcess(pid_t pid) : pid_(pid) {}

  pid_t pid_;
};

/// A pipe whose ends no other program inherits.
struct GitPipe {
  Descriptor read_end, write_end;

  /// Failure: `git_failed`.
  static Result<GitPipe> open();
};

struct GitOutput {
  int exit_code = 0;
  std::string out;    ///< standard output
  std::string error;  ///< standard error, for logs only
};

struct GitCall {
  std::vector<std::string> arguments;  ///< after "git"
  std::size_t output_limit = 4 << 20;  ///< bytes of standard output; more ends the call
  Milliseconds timeout{30000};
};

/// Runs git to its end. Any exit code is a success here; failures are: git cannot be started, too
/// much output, timeout.
Result<GitOutput> run_git(const GitCall& call);

}  // namespace imp::ci
