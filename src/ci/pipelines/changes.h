#pragma once

#include <set>
#include <string>
#include <string_view>

#include "ci/pipelines/job_over.h"
#include "ci/pipelines/pipeline.h"
#include "db/database.h"
#include "http/waiters.h"

namespace imp::ci {

/// Topics of http::Waiters.
inline constexpr std::string_view queue_topic = "ci/queue";  ///< a job was queued
std::string job_topic(std::string_view job_id);              ///< its status or output changed
std::string workflow_topic(std::string_view workflow_id);    ///< a status in it changed

/// What follows from a transaction's changes: whom to wake once it is committed, and whom to tell
/// within it.
class Changes {
 public:
  /// `over` is told of jobs inside the transaction; it outlives this.
  explicit Changes(const JobOver& over) : over_(over) {}
  /// The job has ended or was canceled.
  void job_over(db::Session& session, const Job& job, Time now) const {
    if (over_) over_(session, job.id, now);
  }
  void add(std::string topic) { topics_.insert(std::move(topic)); }
  void notify(http::Waiters& waiters) const {
    for (const std::string& topic : topics_) waiters.notify(topic);
  }

 private:
  const JobOver& over_;
  std::set<std::string> topics_;
};

/// Lets every job of the workflow take the step that has become due, numbers those that are queued
/// now, and settles the workflow's own status. Every change of a job's status is followed by this
/// in the same transaction.
void advance_workflow(db::Session& session, std::string_view workflow_id, Time now,
                      Changes& changes);

/// Ends a job, forgets its ticket and its credential, and advances its workflow. `reason` replaces
/// the stored one unless it is empty.
void end_job(db::Session& session, const Job& job, JobStatus status, std::string_view reason,
             Time now, Changes& changes);

/// Sets the status of a job that does not end by it.
void set_status(db::Session& session, const Job& job, JobStatus status, Changes& changes);

}  // namespace imp::ci
