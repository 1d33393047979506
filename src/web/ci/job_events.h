#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ci/pipelines/job_follower.h"
#include "http/response.h"
#include "web/ci/terminal.h"

namespace imp::web {

/// Follows one job for its page, as events (http/event_stream.h):
///   "output" {"step", "runs": [[style, text, restart], …]}: see OutputRun
///   "step"   {"step", "name", "outcome", "tone", "detail"}: a step began or ended
///   "status" {"status", "tone"}: of the job; first as it is now
///   "end"    {}: nothing more will come
/// A stream that is cut off before its "end" is asked for again by the browser.
class JobEvents {
 public:
  /// `after`: the last chunk of output that the page has, from 0 on.
  JobEvents(const ci::PipelineReader& reader, const Clock& clock, const std::string& job_id,
            std::int64_t after, ci::JobFollower::MayRead may_read);

  http::StreamStep next();

 private:
  std::string encode(const ci::JobNews& news);
  void add_steps(const std::vector<ci::JobStep>& steps, std::string& bytes) const;
  void add_output(const std::vector<ci::OutputChunk>& chunks, std::string& bytes);

  const Clock& clock_;
  std::int64_t shown_;  ///< the page has the chunks up to this one
  /// Begins some chunks earlier: they give the terminals the colour of the place.
  ci::JobFollower follower_;
  std::map<std::uint32_t, Terminal> terminals_;
};

/// "3.1 s · exit code 1"
std::string step_detail(const ci::JobStep& step, Time now);

}  // namespace imp::web
