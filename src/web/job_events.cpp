#include "web/job_events.h"

#include <algorithm>
#include <boost/json.hpp>

#include "ci/pipelines/changes.h"
#include "web/ci_view.h"
#include "web/event_stream.h"
#include "web/model.h"

namespace imp::web {

namespace {

constexpr std::int64_t kChunksBefore = 16;
constexpr std::chrono::minutes kLongest{5};

std::string event(std::string_view name, const boost::json::object& data,
                  std::string_view id = {}) {
  return event_text(name, boost::json::serialize(data), id);
}

boost::json::array runs_model(const std::vector<OutputRun>& runs) {
  boost::json::array items;
  for (const OutputRun& run : runs) {
    items.push_back(boost::json::array{run.style, run.text, run.restart});
  }
  return items;
}

}  // namespace

JobEvents::JobEvents(const ci::PipelineReader& reader, const Clock& clock, std::string job_id,
                     std::int64_t after)
    : reader_(reader),
      clock_(clock),
      job_id_(std::move(job_id)),
      shown_(after),
      read_(std::max<std::int64_t>(0, after - kChunksBefore)),
      ends_(clock.now() + kLongest) {}

http::StreamStep JobEvents::next() {
  http::StreamStep step{.wait_topic = ci::job_topic(job_id_)};
  // The job before its output: what ended it was written after the last of it.
  const auto view = reader_.job(job_id_);
  const auto chunks = reader_.output(job_id_, read_);
  if (!view || !chunks) return {.done = true};
  add_status(view->job, step.bytes);
  add_steps(view->steps, step.bytes);
  add_output(*chunks, step.bytes);
  if (chunks->empty() && ci::has_ended(view->job.status)) {
    step.bytes += event("end", {});
    step.done = true;
  } else if (!chunks->empty()) {
    step.wait_at_most = Milliseconds(0);  // there may be more already
  } else if (clock_.now() >= ends_) {
    step.done = true;
  }
  if (step.bytes.empty()) step.bytes = ": still here\n\n";
  return step;
}

void JobEvents::add_status(const ci::Job& job, std::string& bytes) {
  const std::string_view status = ci::name(job.status);
  if (status_ == status) return;
  status_ = status;
  bytes += event("status", {{"status", status}, {"tone", tone_of(status)}});
}

void JobEvents::add_steps(const std::vector<ci::JobStep>& steps, std::string& bytes) {
  for (const ci::JobStep& step : steps) {
    std::string& known = outcomes_[step.number];
    if (known == step.outcome) continue;
    known = step.outcome;
    bytes += event("step", {{"step", step.number},
                            {"name", step.name},
                            {"outcome", step.outcome},
                            {"tone", tone_of(step.outcome)},
                            {"detail", step.stopped ? step_detail(step, clock_.now()) : ""}});
  }
}

void JobEvents::add_output(const std::vector<ci::OutputChunk>& chunks, std::string& bytes) {
  for (const ci::OutputChunk& chunk : chunks) {
    const auto runs = terminals_[chunk.step].read(chunk.bytes);
    read_ = chunk.sequence;
    if (chunk.sequence <= shown_) continue;
    bytes += event("output", {{"step", chunk.step}, {"runs", runs_model(runs)}},
                   std::to_string(chunk.sequence));
  }
}

std::string step_detail(const ci::JobStep& step, Time now) {
  std::string detail = took_text(step.started, step.stopped, now);
  if (step.exit_code && *step.exit_code != 0) {
    detail += fmt::format("{}exit code {}", detail.empty() ? "" : " · ", *step.exit_code);
  }
  return detail;
}

}  // namespace imp::web
