#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ci/runner/job_link.h"
#include "ci/runner/job_socket.h"
#include "ci/runner/node_toolchains.h"
#include "ci/runner/run_step.h"

namespace imp::ci::runner {

/// What all jobs of a runner share.
struct JobSettings {
  Sandbox sandbox;
  std::string work_directory;
  std::string runner_name;
  OutputLimits limits;
  std::vector<std::string> fetch_protocols = {"http", "https"};
};

/// One job from its ticket to its end. Used once, by one thread.
class JobRun {
 public:
  JobRun(const JobSettings& settings, const JobTicket& ticket, const ServerLink& server,
         NodeToolchains& toolchains, EventSpool& spool, StopSignal& stop);
  ~JobRun();

  /// Runs the steps; everything that happens goes to the spool, except the end that is returned.
  JobFinished run();

 private:
  void learn_secrets();
  Result<void> prepare(StepLog& log);
  Result<void> choose_tools(StepLog& log);
  void describe_variables(StepLog& log) const;

  bool should_run(const Step& step) const;
  void run_one(const Step& step, std::uint32_t number);
  Result<StepEnd> run_action(const Step& step, std::uint32_t number, StepLog& log);
  void start_in_background(const Run& run, std::uint32_t number, const std::string& name);
  void stop_background();
  JobFinished end() const;
  Watch watch() const;

  JobAnswer answer(JobRequest request);

  const JobSettings* settings_;
  const JobTicket* ticket_;
  const ServerLink* server_;
  NodeToolchains* toolchains_;
  StopSignal* stop_;
  Secrets secrets_;
  JobLog log_;
  std::chrono::steady_clock::time_point deadline_;

  std::optional<JobDirectories> directories_;
  std::unique_ptr<JobSocket> socket_;
  std::string node_;
  std::atomic<bool> halted_{false};
  std::atomic<bool> background_ends_{false};
  std::vector<std::thread> background_;

  bool failed_ = false;
  bool timed_out_ = false;
  bool out_of_time_ = false;
  std::string trouble_;  ///< why it is infrastructure_fail; empty: it is not
};

}  // namespace imp::ci::runner
