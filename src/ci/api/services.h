#pragma once

#include "accounts/accounts.h"
#include "ci/contexts/context_variables.h"
#include "ci/contexts/contexts.h"
#include "ci/contexts/restrictions.h"
#include "ci/deploys/timeline.h"
#include "ci/identity/issuer.h"
#include "ci/projects/definitions.h"
#include "ci/projects/projects.h"
#include "ci/projects/variables.h"
#include "http/router.h"

namespace imp::ci {

/// What the routes of this folder work with. Outlives the router.
struct CiServices {
  accounts::Accounts& accounts;
  Projects& projects;
  PipelineDefinitions& definitions;
  ProjectVariables& project_variables;
  Contexts& contexts;
  ContextVariables& context_variables;
  Restrictions& restrictions;
  Issuer& issuer;
  DeployTimeline& deploys;
};

/// One function for each family of CircleCI's API v2, and the OIDC issuer's public documents.
void add_context_routes(http::Router& router, CiServices& services);
void add_context_variable_routes(http::Router& router, CiServices& services);
void add_restriction_routes(http::Router& router, CiServices& services);
void add_project_routes(http::Router& router, CiServices& services);
void add_project_variable_routes(http::Router& router, CiServices& services);
void add_project_settings_routes(http::Router& router, CiServices& services);
void add_pipeline_definition_routes(http::Router& router, CiServices& services);
void add_organization_routes(http::Router& router, CiServices& services);
void add_group_routes(http::Router& router, CiServices& services);
void add_me_routes(http::Router& router, CiServices& services);
void add_deploy_routes(http::Router& router, CiServices& services);
void add_oidc_routes(http::Router& router, CiServices& services);

/// All of them.
void add_ci_routes(http::Router& router, CiServices& services);

}  // namespace imp::ci
