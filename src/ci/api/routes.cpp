#include "ci/api/services.h"

namespace imp::ci {

void add_ci_routes(http::Router& router, CiServices& services) {
  add_context_routes(router, services);
  add_context_variable_routes(router, services);
  add_restriction_routes(router, services);
  add_project_routes(router, services);
  add_project_variable_routes(router, services);
  add_project_settings_routes(router, services);
  add_pipeline_definition_routes(router, services);
  add_organization_routes(router, services);
  add_group_routes(router, services);
  add_me_routes(router, services);
  add_deploy_routes(router, services);
  add_oidc_routes(router, services);
}

}  // namespace imp::ci
