#include "registry/api/trust/trust_export.h"

#include <algorithm>
#include <boost/json.hpp>

#include "accounts/organizations.h"
#include "registry/api/trust/trust_place.h"
#include "registry/packages/store.h"

namespace imp::registry {

namespace {

/// The packages that somebody maintains, and those of their organisations.
std::vector<std::string> packages_near(db::Session& session, const Caller& caller) {
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

/// The names of the organisations that somebody administers.
std::vector<std::string> organizations_of(db::Session& session, const Caller& caller) {
  std::vector<std::string> names;
  for (const Membership& membership : caller.organizations) {
    if (!membership.admin) continue;
    const auto found = accounts::find_organization(session, membership.organization);
    if (found) names.push_back(found->name);
  }
  std::ranges::sort(names);
  return names;
}

/// What hangs there and the caller governs; empty also where they do not.
boost::json::array publishers_listed(db::Session& session, const RegistryServices& services,
                                     const Caller& caller, const TrustTarget& target) {
  boost::json::array publishers;
  const auto place = governed_place(session, caller, target);
  if (!place) return publishers;
  for (const auto& publisher : publishers_at(session, *place, caller)) {
    boost::json::object item = publisher.to_json(services.issuers);
    // What is listed can be applied, and nobody asks for the end of a publisher.
    for (const char* member : {"expiresAt", "usableFrom"}) item.erase(member);
    publishers.push_back(std::move(item));
  }
  return publishers;
}

}  // namespace

Result<boost::json::object> export_trust(RegistryServices& services, const Requester& requester,
                                         const std::string& scope) {
  if (const auto may = requester.may_govern(); !may) return pass_on(may);
  const Caller& caller = requester.rights();
  boost::json::array scopes, packages;
  const auto read = services.database.read([&](db::Session& session) -> Result<void> {
    services.issuers.refresh(session);
    for (const std::string& organization : organizations_of(session, caller)) {
      const std::string name = "@" + organization;
      if (!scope.empty() && name != scope) continue;
      auto publishers = publishers_listed(session, services, caller, ScopeOf{organization});
      if (publishers.empty()) continue;
      scopes.push_back({{"scope", name}, {"publishers", std::move(publishers)}});
    }
    for (const std::string& text : packages_near(session, caller)) {
      const auto name = PackageName::for_read(text);
      if (!name || (!scope.empty() && !text.starts_with(scope + "/"))) continue;
      auto publishers = publishers_listed(session, services, caller, *name);
      if (publishers.empty()) continue;
      packages.push_back({{"package", text}, {"publishers", std::move(publishers)}});
    }
    return {};
  });
  if (!read) return pass_on(read);
  return boost::json::object{{"scopes", std::move(scopes)}, {"packages", std::move(packages)}};
}

}  // namespace imp::registry
