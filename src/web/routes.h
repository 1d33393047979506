#pragma once

#include "http/router.h"
#include "web/services.h"

namespace imp::web {

/// All pages and their assets. `services` outlives the router.
void add_web_routes(http::Router& router, WebServices& services);

/// One function for each family of pages.
void add_asset_routes(http::Router& router);
void add_sign_in_pages(http::Router& router, WebServices& services);
void add_setup_pages(http::Router& router, WebServices& services);
void add_cli_login_pages(http::Router& router, WebServices& services);
void add_account_pages(http::Router& router, WebServices& services);
void add_second_factor_pages(http::Router& router, WebServices& services);
void add_passkey_pages(http::Router& router, WebServices& services);
void add_token_pages(http::Router& router, WebServices& services);
void add_audit_pages(http::Router& router, WebServices& services);
void add_home_pages(http::Router& router, WebServices& services);
void add_organization_pages(http::Router& router, WebServices& services);
void add_people_pages(http::Router& router, WebServices& services);
void add_context_pages(http::Router& router, WebServices& services);
void add_package_pages(http::Router& router, WebServices& services);
void add_publisher_pages(http::Router& router, WebServices& services);
void add_hook_pages(http::Router& router, WebServices& services);  ///< webhooks
void add_trust_check_pages(http::Router& router, WebServices& services);
void add_publisher_check_page(http::Router& router, WebServices& services);  ///< what is typed
void add_docs_pages(http::Router& router, WebServices& services);
void add_scope_publisher_pages(http::Router& router, WebServices& services);
void add_scope_policy_pages(http::Router& router, WebServices& services);
void add_staged_pages(http::Router& router, WebServices& services);
void add_review_pages(http::Router& router, WebServices& services);  ///< and decisions
void add_waiting_pages(http::Router& router, WebServices& services);
void add_project_settings_pages(http::Router& router, WebServices& services);
void add_pipeline_pages(http::Router& router, WebServices& services);
void add_workflow_pages(http::Router& router, WebServices& services);
void add_job_pages(http::Router& router, WebServices& services);
void add_deploy_pages(http::Router& router, WebServices& services);

}  // namespace imp::web
