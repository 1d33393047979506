#include "ci/projects/project.h"

namespace imp::ci {

Reason reason(ProjectRefusal refusal) {
  switch (refusal) {
    case ProjectRefusal::invalid_project_name:
      return {"invalid_project_name", FailureKind::invalid};
    case ProjectRefusal::invalid_project_slug:
      return {"invalid_project_slug", FailureKind::invalid};
    case ProjectRefusal::invalid_vcs_origin:
      return {"invalid_vcs_origin", FailureKind::invalid};
    case ProjectRefusal::invalid_repository_url:
      return {"invalid_repository_url", FailureKind::invalid};
    case ProjectRefusal::project_exists:
      return {"project_exists", FailureKind::conflict};
    case ProjectRefusal::project_not_found:
      return {"project_not_found", FailureKind::not_found};
    case ProjectRefusal::invalid_definition:
      return {"invalid_pipeline_definition", FailureKind::invalid};
    case ProjectRefusal::definition_not_found:
      return {"pipeline_definition_not_found", FailureKind::not_found};
    case ProjectRefusal::definition_exists:
      return {"pipeline_definition_exists", FailureKind::conflict};
    case ProjectRefusal::last_definition:
      return {"last_pipeline_definition", FailureKind::conflict};
    case ProjectRefusal::invalid_project_variable:
      return {"invalid_project_variable", FailureKind::invalid};
    case ProjectRefusal::too_many_project_variables:
      return {"too_many_project_variables", FailureKind::invalid};
    case ProjectRefusal::project_variable_not_found:
      return {"project_variable_not_found", FailureKind::not_found};
  }
  return {"internal", FailureKind::internal};
}

}  // namespace imp::ci
