#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/descriptor.h"
#include "base/failure.h"
#include "ci/runner/job_request.h"

namespace imp::ci::runner {

struct JobAnswer {
  bool granted = false;
  std::string text;
};

/// The Unix socket through which a job's programs reach their runner. One request a connection, one
/// connection at a time; a silent or babbling peer is cut off. Who can reach the socket is the job.
class JobSocket {
 public:
  using Handler = std::function<JobAnswer(JobRequest)>;

  /// Listens at `directory`/job.sock, reachable for the job's user. Failure: `socket_failed`.
  static Result<std::unique_ptr<JobSocket>> open(const std::string& directory,
                                                 bool give_to_job_user, Handler handler);
  /// Ends after the request that is being answered.
  ~JobSocket();

 private:
  JobSocket(Descriptor listener, Handler handler);
  void serve(const std::stop_token& ended);
  void answer(int connection);

  Descriptor listener_;
  Handler handler_;
  std::jthread thread_;
};

}  // namespace imp::ci::runner
