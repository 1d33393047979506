#include "demo/pipeline_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <thread>

namespace imp::demo {

namespace {

bool has_ended(std::string_view status) {
  constexpr std::array open = {"queued", "running", "blocked", "on_hold", "not_running", "pending"};
  return std::ranges::find(open, status) == open.end();
}

std::int64_t number_in(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

Outcome<std::string> PipelineRuns::workflow_of(const std::string& slug,
                                               const std::string& revision) {
  const auto pipelines = api_.look(by_, "/api/v2/project/" + slug + "/pipeline");
  if (!pipelines) return relay(pipelines);
  for (const auto& pipeline : list_at(*pipelines, "items")) {
    if (text_at(pipeline, "vcs/revision") != revision) continue;
    const auto problem = text_at(pipeline, "errors/0/message");
    if (!problem.empty()) return surprise("a configuration that compiles", problem);
    return workflow_of_pipeline(text_at(pipeline, "id"));
  }
  return surprise("a pipeline for the push of " + revision.substr(0, 8), "none");
}

Outcome<std::string> PipelineRuns::workflow_of_pipeline(const std::string& pipeline_id) {
  const auto workflows = api_.look(by_, "/api/v2/pipeline/" + pipeline_id + "/workflow");
  if (!workflows) return relay(workflows);
  std::string id = text_at(*workflows, "items/0/id");
  if (id.empty()) return surprise("a pipeline with a workflow", "one without");
  return id;
}

Outcome<std::vector<JobRun>> PipelineRuns::jobs_of(const std::string& workflow_id) {
  const auto jobs = api_.look(by_, "/api/v2/workflow/" + workflow_id + "/job");
  if (!jobs) return relay(jobs);
  std::vector<JobRun> out;
  for (const auto& job : list_at(*jobs, "items")) {
    out.push_back({text_at(job, "id"), text_at(job, "name"), text_at(job, "status"),
                   text_at(job, "reason"), number_in(text_at(job, "job_number")), workflow_id});
  }
  return out;
}

Outcome<std::vector<JobRun>> PipelineRuns::finish(const std::string& slug,
                                                  const std::string& workflow_id,
                                                  std::chrono::seconds at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  for (;;) {
    auto jobs = jobs_of(workflow_id);
    if (!jobs) return jobs;
    const bool ended =
        std::ranges::all_of(*jobs, [](const JobRun& job) { return has_ended(job.status); });
    if (ended && !jobs->empty()) {
      for (const JobRun& job : *jobs) {
        if (const auto told = tell(slug, job); !told) return relay(told);
      }
      return jobs;
    }
    if (std::chrono::steady_clock::now() > deadline) {
      const JobRun& job = jobs->empty() ? JobRun{} : jobs->front();
      return surprise(
          fmt::format("the jobs end within {} seconds", at_most.count()),
          fmt::format("job {} is {}. Is a runner connected (`ci.runner`)?", job.name, job.status));
    }
    std::this_thread::sleep_for(Milliseconds(250));
  }
}

Outcome<void> PipelineRuns::tell(const std::string& slug, const JobRun& job) {
  const std::string number = job.number > 0 ? fmt::format(" {}", job.number) : std::string();
  say_.note(fmt::format("job {}{} of {}: {}", job.name, number, slug, job.status));
  if (job.status == "unauthorized") {
    say_.output(job.reason);
    return {};
  }
  const auto document =
      api_.look(by_, fmt::format("/api/v2/project/{}/job/{}/output", slug, job.number));
  if (!document) return relay(document);
  std::string steps, last;
  for (const auto& step : list_at(*document, "steps")) {
    steps += fmt::format("{}{} {}", steps.empty() ? "" : ", ", text_at(step, "name"),
                         text_at(step, "status") == "success" ? "✓" : "✗");
    last = text_at(step, "output");
  }
  say_.output(steps);
  say_.output(last);
  return {};
}

Outcome<JobRun> PipelineRuns::only_job_of(const std::string& slug, const std::string& revision) {
  const auto workflow = workflow_of(slug, revision);
  if (!workflow) return relay(workflow);
  const auto jobs = finish(slug, *workflow);
  if (!jobs) return relay(jobs);
  return jobs->front();
}

Outcome<std::string> PipelineRuns::output(const std::string& slug, std::int64_t job_number,
                                          std::string_view step) {
  const auto document =
      api_.look(by_, fmt::format("/api/v2/project/{}/job/{}/output", slug, job_number));
  if (!document) return relay(document);
  std::string out;
  for (const auto& one : list_at(*document, "steps")) {
    if (text_at(one, "name").starts_with(step)) out += text_at(one, "output");
  }
  return out;
}

Outcome<void> expect_status(const JobRun& job, std::string_view status) {
  return expect(job.status == status, fmt::format("job {} ends as {}", job.name, status),
                fmt::format("{} {}", job.status, job.reason));
}

Outcome<void> expect_text(std::string_view text, std::string_view part, std::string_view where) {
  return expect(text.find(part) != text.npos, fmt::format("{} says \"{}\"", where, part),
                std::string(text));
}

}  // namespace imp::demo
