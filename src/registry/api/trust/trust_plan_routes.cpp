#include <algorithm>
#include <boost/json.hpp>

#include "http/response.h"
#include "registry/api/refusals.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/api/trust/trust_changes.h"
#include "registry/api/trust/trust_plans.h"
#include "registry/packages/store.h"

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
  const auto due = std::ranges::count_if(
      plan->packages, [&](const PackagePlan& package) { return package.changes(plan->prune); });
  if (!plan->dry_run) {
    if (due > 0) {
      if (auto challenge = second_factor(services, request, *requester, "trust.apply",
                                         plan_subject(*plan, services.issuers), Without::refuse)) {
        return std::move(*challenge);
      }
    }
    apply_trust(services, *requester, *plan);
  }
  boost::json::array results;
  for (const PackagePlan& package : plan->packages) {
    results.push_back(package.to_json(services.issuers, plan->prune));
  }
  return http::json(200, boost::json::object{{"dryRun", plan->dry_run}, {"packages", results}});
}

/// The packages that somebody maintains, and those of the organisations that they administer.
std::vector<std::string> governed_by(db::Session& session, const Caller& caller) {
  std::vector<std::string> names = packages_maintained_by(session, caller.person);
  for (const Membership& membership : caller.organizations) {
    std::ranges::copy(packages_owned_by(session, membership.organization),
                      std::back_inserter(names));
  }
  std::ranges::sort(names);
  const auto twice = std::ranges::unique(names);
  names.erase(twice.begin(), twice.end());
  return names;
}

http::Response list(RegistryServices& services, const http::Request& request) {
  const auto requester = Requester::identify(services, request);
  if (!requester) return refused(services, nullptr, "trust.export", "trust", requester.error());
  if (const auto may = requester->may_govern(); !may) {
    return refused(services, &*requester, "trust.export", "trust", may.error());
  }
  const std::string scope = request.query("scope").value_or("");
  boost::json::array packages;
  const auto read = services.database.read([&](db::Session& session) -> Result<void> {
    services.issuers.refresh(session);
    for (const std::string& text : governed_by(session, requester->rights())) {
      const auto name = PackageName::for_read(text);
      if (!name || (!scope.empty() && !text.starts_with(scope + "/"))) continue;
      const auto package = governed_in(session, *name, requester->rights());
      if (!package) continue;
      boost::json::array publishers;
      for (const auto& publisher : trust::publishers_of(session, package->id)) {
        boost::json::object item = publisher.to_json(services.issuers);
        // What is listed can be applied, and nobody asks for the end of a publisher.
        for (const char* member : {"expiresAt", "usableFrom"}) item.erase(member);
        publishers.push_back(std::move(item));
      }
      if (publishers.empty()) continue;
      packages.push_back({{"package", text}, {"publishers", std::move(publishers)}});
    }
    return {};
  });
  if (!read) return http::failure(read.error());
  return http::json(200, boost::json::object{{"packages", std::move(packages)}});
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
