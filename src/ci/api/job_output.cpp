#include "ci/api/job_output.h"

#include <boost/json.hpp>
#include <charconv>
#include <limits>
#include <map>

#include "ci/api/engine_routes.h"
#include "ci/pipelines/changes.h"
#include "ci/pipelines/job_follower.h"
#include "ci/projects/readable.h"
#include "http/event_stream.h"

namespace imp::ci {
namespace {

namespace json = boost::json;

constexpr std::int64_t any_number = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t longest_wait_seconds = 60;

json::object to_json(const JobStep& step) {
  json::object out{{"number", step.number},
                   {"name", step.name},
                   {"status", step.outcome},
                   {"exit_code", nullptr},
                   {"started_at", json_time(step.started)},
                   {"stopped_at", json_time(step.stopped)}};
  if (step.exit_code) out["exit_code"] = *step.exit_code;
  return out;
}

std::string event(std::string_view type, const json::object& data, std::string_view id = {}) {
  return http::event_text(type, json::serialize(data), id);
}

/// What a job's follower tells, as events. A character that has not come whole is held back.
class OutputEvents {
 public:
  std::string encode(const JobNews& news) {
    std::string out;
    for (const JobStep& step : news.steps) out += event("step", to_json(step));
    for (const OutputChunk& chunk : news.chunks) add_chunk(out, chunk);
    if (news.is_over) out += event("end", {{"status", name(news.job.status)}});
    return out;
  }

 private:
  void add_chunk(std::string& out, const OutputChunk& chunk) {
    std::string& held = held_[chunk.step];
    held += chunk.bytes;
    const std::size_t keep = unfinished_character(held);
    const std::string_view whole = std::string_view(held).substr(0, held.size() - keep);
    if (!whole.empty()) {
      out += event("output", {{"step", chunk.step}, {"text", readable(whole)}},
                   std::to_string(chunk.sequence));
    }
    held.erase(0, held.size() - keep);
  }

  std::map<std::uint32_t, std::string> held_;  ///< the start of a character, by step
};

http::Response stream(const Call& call, Pipelines& pipelines, const JobView& view,
                      const Project& project, std::int64_t after) {
  auto follower =
      std::make_shared<JobFollower>(pipelines.reader, pipelines.services.clock, view.job.id, after,
                                    membership(call, project.organization_id));
  auto events = std::make_shared<OutputEvents>();
  return http::event_response([follower, events] {
    return follower->next([&](const JobNews& news) { return events->encode(news); });
  });
}

http::Response document(const JobView& view, const std::vector<OutputChunk>& chunks,
                        std::int64_t after) {
  std::map<std::uint32_t, std::string> printed;
  for (const OutputChunk& chunk : chunks) {
    printed[chunk.step] += chunk.bytes;
    after = chunk.sequence;
  }
  json::array steps;
  for (const JobStep& step : view.steps) {
    json::object out = to_json(step);
    out["output"] = readable(printed[step.number]);
    steps.push_back(std::move(out));
  }
  return http::json(200, json::object{{"status", name(view.job.status)},
                                      {"ended", has_ended(view.job.status)},
                                      {"next", after},
                                      {"steps", std::move(steps)}});
}

/// Where to go on: a browser that reconnects says so by itself.
Result<std::int64_t> start_of(const http::Request& request) {
  const std::string_view last = request.header("last-event-id");
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), value);
  if (!last.empty() && error == std::errc() && end == last.data() + last.size() && value >= 0) {
    return value;
  }
  const auto after = number_in_query(request, "after", any_number);
  if (!after) return pass_on(after);
  return after->value_or(0);
}

}  // namespace

Result<http::Response> job_output(const Call& call, Pipelines& pipelines, const JobView& view,
                                  const Project& project) {
  const auto after = start_of(call.request);
  if (!after) return pass_on(after);
  const auto wait = number_in_query(call.request, "wait", longest_wait_seconds);
  if (!wait) return pass_on(wait);
  if (call.request.header("accept").find("text/event-stream") != std::string_view::npos) {
    return stream(call, pipelines, view, project, *after);
  }
  const auto chunks = pipelines.reader.output(view.job.id, *after);
  if (!chunks) return pass_on(chunks);
  const bool patient = wait->value_or(0) > 0 && !call.request.wait_expired;
  if (chunks->empty() && !has_ended(view.job.status) && patient) {
    http::Response response;
    response.body =
        http::WaitFor{job_topic(view.job.id), Milliseconds(std::chrono::seconds(**wait))};
    return response;
  }
  return document(view, *chunks, *after);
}

}  // namespace imp::ci
