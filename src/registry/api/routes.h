#pragma once

#include "http/router.h"
#include "registry/api/services.h"

namespace imp::registry {

/// The endpoints of the npm registry protocol, a file per family. `services` outlives the router.
void add_package_routes(http::Router& router,
                        RegistryServices& services);  ///< packuments, tarballs
void add_publish_routes(http::Router& router, RegistryServices& services);  ///< publish, deprecate
void add_unpublish_routes(http::Router& router,
                          RegistryServices& services);  ///< -rev: unpublish, owner
void add_dist_tag_routes(http::Router& router, RegistryServices& services);
void add_access_routes(http::Router& router, RegistryServices& services);  ///< visibility, access
void add_trust_routes(http::Router& router, RegistryServices& services);
void add_trust_check_routes(http::Router& router, RegistryServices& services);
void add_trust_plan_routes(http::Router& router, RegistryServices& services);
void add_attempt_routes(http::Router& router, RegistryServices& services);
void add_switch_routes(http::Router& router, RegistryServices& services);
void add_issuer_routes(http::Router& router, RegistryServices& services);  ///< administrators'
void add_freeze_routes(http::Router& router, RegistryServices& services);  ///< administrators'
void add_exchange_routes(http::Router& router, RegistryServices& services);
void add_stage_routes(http::Router& router, RegistryServices& services);
void add_stage_status_routes(http::Router& router, RegistryServices& services);
void add_stage_event_routes(http::Router& router, RegistryServices& services);
void add_stage_decision_routes(http::Router& router, RegistryServices& services);
void add_stage_policy_routes(http::Router& router, RegistryServices& services);
void add_hook_routes(http::Router& router, RegistryServices& services);
void add_search_routes(http::Router& router, RegistryServices& services);
void add_key_routes(http::Router& router, RegistryServices& services);
void add_attestation_routes(http::Router& router, RegistryServices& services);
void add_login_routes(http::Router& router, RegistryServices& services);  ///< login, logout, whoami
void add_token_routes(http::Router& router, RegistryServices& services);
void add_organization_routes(http::Router& router,
                             RegistryServices& services);  ///< npm org, npm team
void add_organization_audit_routes(http::Router& router, RegistryServices& services);
void add_profile_routes(http::Router& router, RegistryServices& services);

/// All of them.
void add_registry_routes(http::Router& router, RegistryServices& services);

}  // namespace imp::registry
