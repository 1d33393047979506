#pragma once

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "base/log.h"
#include "base/metrics.h"

namespace imp::app {

enum class RunnerState : std::uint8_t {
  none,        ///< the server has none of its own
  running,     ///< its process is there
  restarting,  ///< it ended, and is started again after a while
};
/// "none", "running", "restarting".
std::string_view name(RunnerState state);

/// A runner that is to be started.
struct RunnerCommand {
  std::vector<std::string> words;  ///< the program's absolute path and its arguments
  std::string token;
};

/// Keeps a runner beside the server: another process, so that no job's steps are ever run by the
/// server. One that ends, or cannot be started for whatever reason, is started again, after a pause
/// that doubles as long as it does not last.
/// It ends with the server, also when the server is killed.
class RunnerKeeper {
 public:
  /// Asked before every start, on the keeper's thread.
  using Prepare = std::function<Result<RunnerCommand>()>;
  struct Times {
    Milliseconds first_pause{1000};
    Milliseconds longest_pause{60'000};
    Milliseconds lasting{60'000};   ///< a runner that lived for so long starts the pauses anew
    Milliseconds patience{30'000};  ///< a stopped runner ends its jobs and reports them meanwhile
  };

  /// Starts it, and returns at once. `state` is kept up to date and outlives the keeper.
  RunnerKeeper(Prepare prepare, std::atomic<RunnerState>& state, Log& log, Metrics& metrics,
               Times times);
  /// SIGTERM, and waits: a running job is ended and reported first. One that does not end is
  /// killed.
  ~RunnerKeeper();
  RunnerKeeper(const RunnerKeeper&) = delete;
  RunnerKeeper& operator=(const RunnerKeeper&) = delete;

 private:
  void keep();
  void start();
  bool has_child();
  void wait_for_end();
  void set(RunnerState state);

  Prepare prepare_;
  std::atomic<RunnerState>& state_;
  Log& log_;
  Metrics& metrics_;
  const Times times_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  pid_t child_ = -1;
  std::thread thread_;
};

}  // namespace imp::app
