#include "web/ci/ci_view.h"

#include "ci/pipelines/reader.h"
#include "web/frame/model.h"

namespace imp::web {

namespace {

std::unexpected<Failure> hidden() {
  return refuse(WebRefusal::page_not_found, "There is nothing here, or it is not yours to see.");
}

template <class T>
Result<T> or_hidden(Result<T> found) {
  if (!found && found.error().kind() == FailureKind::not_found) return hidden();
  return found;
}

}  // namespace

Result<ci::Project> visible_project(const Visit& visit, std::string_view project_id) {
  auto project = or_hidden(visit.services.ci.projects.find(project_id));
  if (!project) return project;
  const auto standing = ci::standing_in(visit.call(), project->organization_id);
  if (!standing) return pass_on(standing);
  if (!standing->member) return hidden();
  return project;
}

Result<ci::WorkflowView> visible_workflow(const Visit& visit) {
  auto view = or_hidden(visit.services.pipelines.reader.workflow(visit.param("workflow_id")));
  if (!view) return view;
  const auto project = visible_project(visit, view->workflow.project_id);
  if (!project) return pass_on(project);
  return view;
}

Result<ci::JobView> visible_job(const Visit& visit) {
  auto view = or_hidden(visit.services.pipelines.reader.job(visit.param("job_id")));
  if (!view) return view;
  const auto project = visible_project(visit, view->job.project_id);
  if (!project) return pass_on(project);
  return view;
}

std::string ref_text(const ci::Pipeline& pipeline) {
  if (pipeline.pull_request != 0) return fmt::format("pull/{}", pipeline.pull_request);
  return pipeline.tag.empty() ? pipeline.branch : pipeline.tag;
}

std::string took_text(const std::optional<Time>& from, const std::optional<Time>& until, Time now) {
  if (!from) return {};
  const auto took = until.value_or(std::max(now, *from)) - *from;
  constexpr Milliseconds nothing{50};  // a workflow that was refused before it began
  return until && took < nothing ? std::string() : duration_text(took);
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace imp::web
