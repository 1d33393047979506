#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/log.h"

namespace imp::app {

/// Calls a function every so often on a thread of its own, from construction to destruction, and
/// once more at the end. What it throws is logged: one bad round must not end the server.
class Housekeeping {
 public:
  Housekeeping(Milliseconds every, std::function<void()> work, Log& log);
  ~Housekeeping();
  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;

 private:
  void run_once();

  std::function<void()> work_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace imp::app
