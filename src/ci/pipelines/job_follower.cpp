#include "ci/pipelines/job_follower.h"

#include "ci/pipelines/changes.h"
#include "http/event_stream.h"

namespace imp::ci {

JobFollower::JobFollower(const PipelineReader& reader, const Clock& clock, std::string job_id,
                         std::int64_t after, MayRead may_read)
    : reader_(reader),
      clock_(clock),
      job_id_(std::move(job_id)),
      after_(after),
      may_read_(std::move(may_read)),
      ends_(clock.now() + longest) {}

http::StreamStep JobFollower::next(const Encode& encode) {
  // Before anything is read: a job that prints without a pause must not keep its listeners.
  if (clock_.now() >= ends_ || !may_read_()) return {.done = true};
  // The job before its output: what ended it was written after the last of it.
  const auto view = reader_.job(job_id_);
  if (!view) return {.done = true};
  auto chunks = reader_.output(job_id_, after_);
  if (!chunks) return {.done = true};
  if (!chunks->empty()) after_ = chunks->back().sequence;

  JobNews news{.job = view->job,
               .status_changed = status_ != view->job.status,
               .steps = new_among(view->steps),
               .chunks = std::move(*chunks)};
  status_ = view->job.status;
  news.is_over = news.chunks.empty() && has_ended(view->job.status);
  http::StreamStep step{.bytes = encode(news), .done = news.is_over};
  if (step.bytes.empty()) step.bytes = http::event_pause;
  // There may be more already when there was some.
  if (news.chunks.empty()) step.wait_topic = job_topic(job_id_);
  return step;
}

std::vector<JobStep> JobFollower::new_among(const std::vector<JobStep>& steps) {
  std::vector<JobStep> out;
  for (const JobStep& step : steps) {
    std::string& known = outcomes_[step.number];
    if (known == step.outcome) continue;
    known = step.outcome;
    out.push_back(step);
  }
  return out;
}

}  // namespace imp::ci
