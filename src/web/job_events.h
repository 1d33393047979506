#pragma once

#include <boost/json/array.hpp>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ci/pipelines/reader.h"
#include "http/response.h"
#include "web/terminal.h"

namespace imp::web {

/// Follows one job for its page, as events (event_stream.h):
///   "output" {"step", "runs": [[style, text, restart], …]}: see OutputRun
///   "step"   {"step", "name", "outcome", "tone", "detail"}: a step began or ended
///   "status" {"status", "tone"}: of the job; first as it is now
///   "end"    {}: nothing more will come
/// A stream that is cut off before its "end" is asked for again by the browser, and whether the
/// visitor may still see the job is asked again too: so no stream lasts longer than some minutes.
class JobEvents {
 public:
  /// `after`: the last chunk of output that the page has.
  JobEvents(const ci::PipelineReader& reader, const Clock& clock, std::string job_id,
            std::int64_t after);

  http::StreamStep next();

 private:
  void add_status(const ci::Job& job, std::string& bytes);
  void add_steps(const std::vector<ci::JobStep>& steps, std::string& bytes);
  void add_output(const std::vector<ci::OutputChunk>& chunks, std::string& bytes);

  const ci::PipelineReader& reader_;
  const Clock& clock_;
  std::string job_id_;
  std::int64_t shown_;  ///< the page has the chunks up to this one
  std::int64_t read_;   ///< the terminals have; some earlier ones give them the colour of the place
  Time ends_;
  std::string status_;
  std::map<std::uint32_t, std::string> outcomes_;
  std::map<std::uint32_t, Terminal> terminals_;
};

/// "3.1 s · exit code 1"
std::string step_detail(const ci::JobStep& step, Time now);

}  // namespace imp::web
