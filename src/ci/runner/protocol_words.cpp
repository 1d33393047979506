#include <fmt/format.h>

#include "base/encoding.h"
#include "ci/runner/protocol.h"

namespace imp::ci::runner {

std::string job_path(std::string_view job_id, std::string_view action) {
  return fmt::format("/runner/v1/jobs/{}/{}", percent_encode(job_id), action);
}

std::string_view name(When value) {
  switch (value) {
    case When::on_success:
      return "on_success";
    case When::always:
      return "always";
    case When::on_fail:
      return "on_fail";
  }
  return "";
}

std::string_view name(VariableSource value) {
  switch (value) {
    case VariableSource::project:
      return "project";
    case VariableSource::context:
      return "context";
    case VariableSource::builtin:
      return "builtin";
    case VariableSource::job:
      return "job";
  }
  return "";
}

std::string_view name(StepOutcome value) {
  switch (value) {
    case StepOutcome::success:
      return "success";
    case StepOutcome::failed:
      return "failed";
    case StepOutcome::timedout:
      return "timedout";
    case StepOutcome::canceled:
      return "canceled";
  }
  return "";
}

std::string_view name(JobOutcome value) {
  switch (value) {
    case JobOutcome::success:
      return "success";
    case JobOutcome::failed:
      return "failed";
    case JobOutcome::timedout:
      return "timedout";
    case JobOutcome::infrastructure_fail:
      return "infrastructure_fail";
    case JobOutcome::canceled:
      return "canceled";
  }
  return "";
}

std::string_view name(ReleaseAction value) {
  switch (value) {
    case ReleaseAction::plan:
      return "plan";
    case ReleaseAction::update:
      return "update";
    case ReleaseAction::log:
      return "log";
  }
  return "";
}

}  // namespace imp::ci::runner
