#include "web/routes.h"

namespace imp::web {

void add_web_routes(http::Router& router, WebServices& services) {
  add_asset_routes(router);
  for (const auto add :
       {add_sign_in_pages,      add_setup_pages,          add_cli_login_pages,
        add_account_pages,      add_second_factor_pages,  add_passkey_pages,
        add_token_pages,        add_audit_pages,          add_home_pages,
        add_organization_pages, add_people_pages,         add_context_pages,
        add_package_pages,      add_publisher_pages,      add_hook_pages,
        add_trust_check_pages,  add_publisher_check_page, add_scope_publisher_pages,
        add_docs_pages,         add_scope_policy_pages,   add_staged_pages,
        add_review_pages,       add_waiting_pages,        add_project_settings_pages,
        add_pipeline_pages,     add_workflow_pages,       add_job_pages,
        add_deploy_pages}) {
    add(router, services);
  }
}

}  // namespace imp::web
