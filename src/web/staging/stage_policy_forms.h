#pragma once

#include <boost/json/object.hpp>

#include "http/response.h"
#include "registry/api/staging/stage_policy_changes.h"
#include "web/frame/visit.h"
#include "web/packages/package_view.h"

namespace imp::web {

/// The package's policy for staged releases, with a form for those who govern it.
Result<boost::json::object> policy_model(const Visit& visit, const PackageView& view);
/// The fields of such a form ({{>_policy}}), filled in with a policy of the organisation or of one
/// of its packages.
Result<boost::json::object> policy_fields(const Visit& visit,
                                          const std::optional<std::string>& organization,
                                          const registry::StagePolicy& policy);

/// Sets what the form asks, after the second factor; the refusal is recorded.
Result<void> set_policy(const Visit& visit, const registry::Requester& requester,
                        const registry::GovernedPlace& place);

/// "What is to come": a looser policy and when, for _policy_to_come.html; false when none is.
boost::json::value to_come_model(const std::optional<registry::PolicyToCome>& next, Time now);

/// What the form of a package's page is sent to.
Result<http::Response> change_policy(const Visit& visit);

}  // namespace imp::web
