#include "registry/api/routes.h"

namespace imp::registry {

void add_registry_routes(http::Router& router, RegistryServices& services) {
  add_package_routes(router, services);
  add_publish_routes(router, services);
  add_unpublish_routes(router, services);
  add_dist_tag_routes(router, services);
  add_access_routes(router, services);
  add_trust_routes(router, services);
  add_trust_check_routes(router, services);
  add_trust_plan_routes(router, services);
  add_attempt_routes(router, services);
  add_switch_routes(router, services);
  add_issuer_routes(router, services);
  add_freeze_routes(router, services);
  add_exchange_routes(router, services);
  add_stage_routes(router, services);
  add_stage_status_routes(router, services);
  add_stage_event_routes(router, services);
  add_stage_decision_routes(router, services);
  add_stage_policy_routes(router, services);
  add_hook_routes(router, services);
  add_search_routes(router, services);
  add_key_routes(router, services);
  add_attestation_routes(router, services);
  add_login_routes(router, services);
  add_token_routes(router, services);
  add_profile_routes(router, services);
  add_organization_routes(router, services);
  add_organization_audit_routes(router, services);
}

}  // namespace imp::registry
