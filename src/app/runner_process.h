#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/failure.h"
#include "base/log.h"

namespace imp::app {

/// The runner that `serve` starts beside itself: another process of this program, so that no job's
/// steps are ever run by the server. It ends with the server, also when the server is killed.
class RunnerProcess {
 public:
  /// `arguments` follow the program's own path. `token` goes through the child's standard input: an
  /// argument or a variable could be read by others.
  static Result<RunnerProcess> start(const std::vector<std::string>& arguments,
                                     const std::string& token, Log& log);
  RunnerProcess(RunnerProcess&& other) noexcept;
  RunnerProcess& operator=(RunnerProcess&&) = delete;
  /// SIGTERM, and waits: a running job is ended and reported first. One that does not end is
  /// killed.
  ~RunnerProcess();

 private:
  RunnerProcess(pid_t child, Log& log) : child_(child), log_(&log) {}

  pid_t child_ = -1;
  Log* log_;
};

/// The path of this program, and of the `circleci` program installed or built beside it (empty when
/// there is none).
std::string own_path();
std::string jobtool_path();

}  // namespace imp::app
