#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ci/pipelines/reader.h"
#include "http/response.h"

namespace imp::ci {

/// What a listener has not been told of a job.
struct JobNews {
  const Job& job;
  bool status_changed = false;      ///< also the first time
  std::vector<JobStep> steps;       ///< those that began or ended
  std::vector<OutputChunk> chunks;  ///< in order
  bool is_over = false;             ///< the job ended and its output was told: nothing more comes
};

/// Follows one job for one listener: the output after a chunk, what happens to the steps and to the
/// job. Whoever encodes the news gives them their form.
///
/// No listener is told anything for longer than five minutes, nor once `may_read` says no: the
/// stream is then cut off without the news that it is over, the listener asks again, and is asked
/// who it is.
class JobFollower {
 public:
  static constexpr std::chrono::minutes longest{5};
  using MayRead = std::function<bool()>;
  using Encode = std::function<std::string(const JobNews&)>;

  JobFollower(const PipelineReader& reader, const Clock& clock, std::string job_id,
              std::int64_t after, MayRead may_read);

  /// The next step of the stream, with what `encode` makes of the news.
  http::StreamStep next(const Encode& encode);

 private:
  std::vector<JobStep> new_among(const std::vector<JobStep>& steps);

  const PipelineReader& reader_;
  const Clock& clock_;
  const std::string job_id_;
  std::int64_t after_;
  const MayRead may_read_;
  const Time ends_;
  std::optional<JobStatus> status_;                ///< the one that was told
  std::map<std::uint32_t, std::string> outcomes_;  ///< of the steps that were told
};

}  // namespace imp::ci
