#include "ci/api/job_output.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>
#include <limits>
#include <map>

#include "base/encoding.h"
#include "ci/api/engine_routes.h"
#include "ci/pipelines/changes.h"

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

std::string event(std::string_view type, const json::object& data, std::int64_t id = 0) {
  const std::string number = id > 0 ? fmt::format("id: {}\n", id) : "";
  return fmt::format("{}event: {}\ndata: {}\n\n", number, type, json::serialize(data));
}

/// How many bytes at the end may be the start of a character whose rest is still to come.
std::size_t unfinished(std::string_view bytes) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, bytes.size()); ++back) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) {
      const std::size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? back : 0;
    }
  }
  return 0;
}

/// Follows a job for one listener.
class LiveOutput {
 public:
  LiveOutput(Pipelines& pipelines, std::string job_id, std::int64_t after)
      : pipelines_(pipelines), job_id_(std::move(job_id)), after_(after) {}

  http::StreamStep next() {
    http::StreamStep step;
    // The job's state first: what it printed before its end is then among the chunks.
    const auto view = pipelines_.reader.job(job_id_);
    const auto chunks = pipelines_.reader.output(job_id_, after_);
    if (!view || !chunks) {
      step.done = true;
      return step;
    }
    add_steps(step.bytes, view->steps);
    for (const OutputChunk& chunk : *chunks) add_chunk(step.bytes, chunk);
    if (chunks->empty() && has_ended(view->job.status)) {
      step.bytes += event("end", {{"status", name(view->job.status)}});
      step.done = true;
      return step;
    }
    // So that a connection that is gone is noticed.
    if (step.bytes.empty()) step.bytes = ": waiting\n\n";
    if (chunks->empty()) step.wait_topic = job_topic(job_id_);
    return step;
  }

 private:
  void add_steps(std::string& out, const std::vector<JobStep>& steps) {
    for (const JobStep& step : steps) {
      std::string& known = steps_[step.number];
      if (known == step.outcome) continue;
      known = step.outcome;
      out += event("step", to_json(step));
    }
  }
  void add_chunk(std::string& out, const OutputChunk& chunk) {
    after_ = chunk.sequence;
    std::string& held = held_[chunk.step];
    held += chunk.bytes;
    const std::size_t keep = unfinished(held);
    const std::string_view whole = std::string_view(held).substr(0, held.size() - keep);
    if (!whole.empty()) {
      out += event("output", {{"step", chunk.step}, {"text", readable(whole)}}, chunk.sequence);
    }
    held.erase(0, held.size() - keep);
  }

  Pipelines& pipelines_;
  std::string job_id_;
  std::int64_t after_;
  std::map<std::uint32_t, std::string> steps_;  ///< the outcome that was told
  std::map<std::uint32_t, std::string> held_;   ///< the start of a character
};

http::Response stream(Pipelines& pipelines, const JobView& view, std::int64_t after) {
  auto live = std::make_shared<LiveOutput>(pipelines, view.job.id, after);
  http::Response response;
  response.header("content-type", "text/event-stream");
  response.header("cache-control", "no-store");
  // Proxies that buffer would hold live output back.
  response.header("x-accel-buffering", "no");
  response.body = http::StreamBody{[live] { return live->next(); }};
  return response;
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

Result<http::Response> job_output(const Call& call, Pipelines& pipelines, const JobView& view) {
  const auto after = start_of(call.request);
  if (!after) return pass_on(after);
  const auto wait = number_in_query(call.request, "wait", longest_wait_seconds);
  if (!wait) return pass_on(wait);
  if (call.request.header("accept").find("text/event-stream") != std::string_view::npos) {
    return stream(pipelines, view, *after);
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
