#include "web/ci/job_events.h"

#include <algorithm>
#include <boost/json.hpp>

#include "http/event_stream.h"
#include "web/ci/ci_view.h"
#include "web/frame/model.h"

namespace imp::web {

namespace {

constexpr std::int64_t kChunksBefore = 16;

std::string event(std::string_view name, const boost::json::object& data,
                  std::string_view id = {}) {
  return http::event_text(name, boost::json::serialize(data), id);
}

boost::json::array runs_model(const std::vector<OutputRun>& runs) {
  boost::json::array items;
  for (const OutputRun& run : runs) {
    items.push_back(boost::json::array{run.style, run.text, run.restart});
  }
  return items;
}

}  // namespace

JobEvents::JobEvents(const ci::PipelineReader& reader, const Clock& clock,
                     const std::string& job_id, std::int64_t after,
                     ci::JobFollower::MayRead may_read)
    : clock_(clock),
      shown_(after),
      follower_(reader, clock, job_id, std::max<std::int64_t>(0, after - kChunksBefore),
                std::move(may_read)) {}

http::StreamStep JobEvents::next() {
  return follower_.next([this](const ci::JobNews& news) { return encode(news); });
}

std::string JobEvents::encode(const ci::JobNews& news) {
  std::string bytes;
  if (news.status_changed) {
    const std::string_view status = ci::name(news.job.status);
    bytes += event("status", {{"status", status}, {"tone", tone_of(status)}});
  }
  add_steps(news.steps, bytes);
  add_output(news.chunks, bytes);
  if (news.is_over) bytes += event("end", {});
  return bytes;
}

void JobEvents::add_steps(const std::vector<ci::JobStep>& steps, std::string& bytes) const {
  for (const ci::JobStep& step : steps) {
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
