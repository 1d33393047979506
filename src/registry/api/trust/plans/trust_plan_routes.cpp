#include <boost/json.hpp>

#include "http/response.h"
#include "registry/api/refusals.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/api/trust/plans/trust_export.h"
#include "registry/api/trust/plans/trust_plans.h"

namespace imp::registry {

namespace {

constexpr std::size_t kMostBytes = 16UL << 20;

/// What is to be changed is found out first, so that nobody is asked for a code, or uses one up,
/// when there is nothing to do.
http::Response put(RegistryServices& services, const http::Request& request) {
  const auto requester = Requester::identify(services, request);
  if (!requester) return refused(services, nullptr, "trust.apply", "trust", requester.error());
  if (const auto may = requester->may_govern(); !may) {
    return refused(services, &*requester, "trust.apply", "trust", may.error());
  }
  auto plan = read_plan(services, request.body);
  if (!plan) return http::failure(plan.error());
  if (const auto done = plan_trust(services, *requester, *plan); !done) {
    return http::failure(done.error());
  }
  if (!plan->dry_run) {
    if (plan->changes()) {
      if (auto challenge = second_factor(services, request, *requester, "trust.apply",
                                         plan_subject(*plan, services.issuers), Without::refuse)) {
        return std::move(*challenge);
      }
    }
    apply_trust(services, *requester, *plan);
  }
  return http::json(200, plan->to_json(services.issuers));
}

http::Response list(RegistryServices& services, const http::Request& request) {
  const auto requester = Requester::identify(services, request);
  if (!requester) return refused(services, nullptr, "trust.export", "trust", requester.error());
  if (const auto may = requester->may_govern(); !may) {
    return refused(services, &*requester, "trust.export", "trust", may.error());
  }
  auto listed = export_trust(services, *requester, request.query("scope").value_or(""));
  return listed ? http::json(200, *listed) : http::failure(listed.error());
}

}  // namespace

void add_trust_plan_routes(http::Router& router, RegistryServices& services) {
  constexpr std::string_view path = "/-/trust/publishers";
  router.add(http::Method::get, path,
             [&services](const http::Request& request) { return list(services, request); });
  router.add(http::Method::put, path,
             [&services](const http::Request& request) { return put(services, request); },
             {.body_limit = kMostBytes});
}

}  // namespace imp::registry
