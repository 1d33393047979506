#include <boost/json.hpp>
#include <charconv>
#include <map>

#include "ci/pipelines/changes.h"
#include "http/event_stream.h"
#include "web/ci/ci_view.h"
#include "web/ci/job_events.h"
#include "web/frame/frames.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr std::size_t kOutputShown = 512 * 1024;  // bytes on the page; the rest is in output.txt
constexpr std::size_t kOutputUnfolded = 4096;
constexpr std::size_t kRevisionShown = 10;  // characters of a commit's name

/// Output so far, by step.
struct Output {
  std::map<std::uint32_t, std::string> steps;
  std::int64_t last = 0;  ///< sequence of the last chunk
  bool cut = false;       ///< there is more
};

Result<Output> output_so_far(const Visit& visit, const std::string& job_id) {
  const auto chunks = visit.services.pipelines.reader.output(job_id, 0, kOutputShown);
  if (!chunks) return pass_on(chunks);
  Output output;
  std::size_t size = 0;
  for (const ci::OutputChunk& chunk : *chunks) {
    output.steps[chunk.step] += chunk.bytes;
    output.last = chunk.sequence;
    size += chunk.bytes.size();
  }
  output.cut = size >= kOutputShown;
  return output;
}

boost::json::array runs_model(std::string_view bytes) {
  Terminal terminal;
  boost::json::array runs;
  for (OutputRun& run : settled(terminal.read(bytes))) {
    runs.push_back({{"style", std::move(run.style)}, {"text", std::move(run.text)}});
  }
  return runs;
}

boost::json::array steps_model(const std::vector<ci::JobStep>& steps, Output& output, Time now) {
  boost::json::array items;
  for (const ci::JobStep& step : steps) {
    const std::string& bytes = output.steps[step.number];
    const bool good = step.outcome == "success";
    items.push_back({{"step", std::to_string(step.number)},
                     {"name", step.name},
                     {"outcome", step.outcome},
                     {"tone", tone_of(step.outcome)},
                     {"detail", step_detail(step, now)},
                     {"shown", !good || bytes.size() < kOutputUnfolded},
                     {"output", runs_model(bytes)}});
  }
  return items;
}

Result<http::Response> show_job(const Visit& visit) {
  const auto view = visible_job(visit);
  if (!view) return pass_on(view);
  const ci::Job& job = view->job;
  const auto project = visible_project(visit, job.project_id);
  if (!project) return pass_on(project);
  const auto organization = visit.services.accounts.organizations.by_id(project->organization_id);
  if (!organization) return pass_on(organization);
  auto output = output_so_far(visit, job.id);
  if (!output) return pass_on(output);
  const Time now = visit.services.clock.now();
  const bool open = !ci::has_ended(job.status);
  auto trail = project_trail(*organization, *project);
  trail.push_back({view->workflow.name, "/workflow/" + view->workflow.id});
  return show(
      visit,
      {.title = job.name,
       .content = "job",
       .model = {{"job", job.name},
                 {"raw_id", job.id},
                 {"job_id", {{"value", job.id}, {"what", "the Job ID"}}},
                 {"status", status_text(ci::name(job.status))},
                 {"page", visit.here("/job/" + job.id)},
                 {"project_id", project->id},
                 {"subject", view->pipeline.commit_subject},
                 {"tone", tone_of(ci::name(job.status))},
                 {"pipeline_number", view->pipeline.number},
                 {"ref", ref_text(view->pipeline)},
                 {"revision", view->pipeline.revision.substr(0, kRevisionShown)},
                 {"number", job.number ? std::to_string(*job.number) : std::string()},
                 {"started", time_model(job.started, now)},
                 {"took", took_text(job.started, job.stopped, now)},
                 {"contexts", joined(job.contexts)},
                 {"runner", job.runner_name},
                 {"ssh", job.ssh},
                 {"reason", job.reason},
                 {"reason_tone", job.status == ci::JobStatus::unauthorized ? "bad" : "waiting"},
                 {"open", open},
                 {"events",
                  open ? fmt::format("/job/{}/events?after={}", job.id, output->last) : ""},
                 {"cut", output->cut},
                 {"steps", steps_model(view->steps, *output, now)}},
       .trail = std::move(trail),
       .scripts =
           open ? std::vector<std::string>{"live.js", "job.js"} : std::vector<std::string>()});
}

/// The number of a chunk that a browser names; 0, before the first, for what is none.
std::int64_t chunk_in(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return std::max<std::int64_t>(0, number);
}

Result<http::Response> stream_output(const Visit& visit) {
  const auto view = visible_job(visit);
  if (!view) return pass_on(view);
  // A browser that lost the connection says how far it had come.
  const std::string_view last = visit.request.header("last-event-id");
  const std::int64_t after = chunk_in(last.empty() ? visit.query("after") : std::string(last));
  const auto project = visible_project(visit, view->job.project_id);
  if (!project) return pass_on(project);
  auto events = std::make_shared<JobEvents>(visit.services.pipelines.reader, visit.services.clock,
                                            view->job.id, after,
                                            ci::membership(visit.call(), project->organization_id));
  auto response = http::event_response([events] { return events->next(); });
  add_security_headers(response);
  return response;
}

/// All output as it came, as far as there is any now.
Result<http::Response> download_output(const Visit& visit) {
  const auto view = visible_job(visit);
  if (!view) return pass_on(view);
  http::Response response;
  response.header("content-type", "text/plain; charset=utf-8");
  add_security_headers(response);
  response.body = http::StreamBody{[&reader = visit.services.pipelines.reader, id = view->job.id,
                                    after = std::int64_t{0}]() mutable -> http::StreamStep {
    const auto chunks = reader.output(id, after);
    http::StreamStep step{.wait_at_most = Milliseconds(0)};
    step.done = !chunks || chunks->empty();
    if (step.done) return step;
    for (const ci::OutputChunk& chunk : *chunks) step.bytes += chunk.bytes;
    after = chunks->back().sequence;
    return step;
  }};
  return response;
}

Result<http::Response> cancel(const Visit& visit) {
  const auto view = visible_job(visit);
  if (!view) return pass_on(view);
  const auto done = visit.services.pipelines.controls.cancel_job(view->job.id, visit.actor());
  if (!done) return pass_on(done);
  return http::see_other("/job/" + view->job.id + "?done=canceled");
}

}  // namespace

void add_job_pages(http::Router& router, WebServices& services) {
  constexpr Audience people = Audience::signed_in;
  const std::string one = "/job/{job_id}";
  add_page(router, services, one, people, show_job);
  add_page(router, services, one + "/events", people, stream_output);
  add_page(router, services, one + "/output.txt", people, download_output);
  add_form(router, services, one + "/cancel", people, cancel, show_job);
}

}  // namespace imp::web
