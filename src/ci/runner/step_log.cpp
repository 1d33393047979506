#include "ci/runner/step_log.h"

namespace imp::ci::runner {

StepLog::StepLog(JobLog& job, std::uint32_t step, std::string_view name)
    : job_(&job), step_(step), masker_(job.secrets) {
  job.spool.add(StepStarted{step, masked(job.secrets, name)});
}

void StepLog::write(std::string_view bytes) {
  std::lock_guard lock(mutex_);
  keep(masker_.push(bytes));
}

void StepLog::line(std::string_view text) {
  std::lock_guard lock(mutex_);
  keep(masker_.push(std::string(text) + "\n"));
}

void StepLog::finish(StepOutcome outcome, std::optional<std::int32_t> exit_code) {
  std::lock_guard lock(mutex_);
  keep(masker_.finish());
  job_->spool.add(StepFinished{step_, outcome, exit_code});
}

void StepLog::keep(std::string_view masked) {
  if (full_ || masked.empty()) return;
  const std::uint64_t job_written = job_->written.fetch_add(masked.size());
  const std::uint64_t job_room =
      job_->limits.job - std::min<std::uint64_t>(job_->limits.job, job_written);
  const std::uint64_t step_room = job_->limits.step - written_;
  const std::uint64_t room = std::min(job_room, step_room);
  job_->spool.add_output(step_, masked.substr(0, room));
  written_ += std::min<std::uint64_t>(room, masked.size());
  if (room >= masked.size()) return;
  full_ = true;
  job_->spool.add_output(step_, job_room < step_room
                                    ? "\n[the output of this job is over its limit: the rest of "
                                      "this step's output is not kept]\n"
                                    : "\n[the output of this step is over its limit: the rest is "
                                      "not kept]\n");
}

}  // namespace imp::ci::runner
