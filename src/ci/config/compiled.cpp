#include "ci/config/compiled.h"

namespace imp::ci::config {

std::string_view name_of(RequiredStatus status) {
  switch (status) {
    case RequiredStatus::success:
      return "success";
    case RequiredStatus::failed:
      return "failed";
    case RequiredStatus::canceled:
      return "canceled";
    case RequiredStatus::unauthorized:
      return "unauthorized";
    case RequiredStatus::not_run:
      return "not_run";
  }
  return {};
}

std::string_view name_of(RunWhen when) {
  switch (when) {
    case RunWhen::on_success:
      return "on_success";
    case RunWhen::always:
      return "always";
    case RunWhen::on_fail:
      return "on_fail";
  }
  return {};
}

std::string_view name_of(JobType type) {
  switch (type) {
    case JobType::build:
      return "build";
    case JobType::approval:
      return "approval";
  }
  return {};
}

}  // namespace imp::ci::config
