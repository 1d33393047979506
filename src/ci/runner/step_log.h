#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "ci/runner/event_spool.h"
#include "ci/runner/masker.h"

namespace imp::ci::runner {

/// How much output is kept. What comes after a limit is dropped; the log says so once.
struct OutputLimits {
  std::uint64_t step = 16u << 20;
  std::uint64_t job = 64u << 20;
};

/// What all steps of a job write through.
struct JobLog {
  EventSpool& spool;
  const Secrets& secrets;
  OutputLimits limits;
  std::atomic<std::uint64_t> written{0};
};

/// One step's output on its way to the server: masked, then limited. The only way for bytes of a
/// job to leave the runner. Thread-safe.
class StepLog {
 public:
  /// Tells the server that the step has started.
  StepLog(JobLog& job, std::uint32_t step, std::string_view name);

  void write(std::string_view bytes);
  /// A line of the runner itself, masked like everything else.
  void line(std::string_view text);
  /// Lets out what the masker held back and tells how the step ended. Once.
  void finish(StepOutcome outcome, std::optional<std::int32_t> exit_code);

 private:
  void keep(std::string_view masked);

  JobLog* job_;
  std::uint32_t step_;
  std::mutex mutex_;
  Masker masker_;
  std::uint64_t written_ = 0;
  bool full_ = false;
};

}  // namespace imp::ci::runner
