#include "registry/api/trust/plans/trust_export.h"

#include <algorithm>
#include <boost/json.hpp>

#include "accounts/organizations.h"
#include "registry/api/trust/trust_place.h"
#include "registry/packages/store.h"

namespace imp::registry {

namespace {

struct Scope {
  std::string name;  ///< of the organisation
  std::vector<accounts::Member> members;
};

/// The organisations that somebody administers, by name.
Result<std::vector<Scope>> scopes_of(const RegistryServices& services, const Caller& caller) {
  std::vector<Scope> scopes;
  for (const Membership& membership : caller.organizations) {
    if (!membership.admin) continue;
    const auto organization = services.accounts.organizations.by_id(membership.organization);
    if (!organization) continue;
    auto members = services.accounts.organizations.members(organization->id);
    if (!members) return pass_on(members);
    scopes.push_back({organization->name, std::move(*members)});
  }
  std::ranges::sort(scopes, {}, &Scope::name);
  return scopes;
}

/// The packages that somebody maintains, those of their organisations, and the names that they
/// prepared, or others did in the scopes that they administer.
std::vector<std::string> names_near(db::Session& session, const Caller& caller,
                                    const std::vector<Scope>& scopes) {
  std::vector<std::string> names = packages_maintained_by(session, caller.person);
  const auto add = [&](std::vector<std::string> more) {
    std::ranges::move(more, std::back_inserter(names));
  };
  for (const Membership& membership : caller.organizations) {
    add(packages_owned_by(session, membership.organization));
  }
  add(trust::names_prepared_by(session, caller.person));
  for (const Scope& scope : scopes) {
    const std::string prefix = "@" + scope.name + "/";
    for (const accounts::Member& member : scope.members) {
      auto prepared = trust::names_prepared_by(session, member.name);
      std::erase_if(prepared, [&](const auto& name) { return !name.starts_with(prefix); });
      add(std::move(prepared));
    }
  }
  std::ranges::sort(names);
  const auto twice = std::ranges::unique(names);
  names.erase(twice.begin(), twice.end());
  return names;
}

/// What hangs at a place, each once: several people may have prepared the same.
boost::json::array publishers_listed(db::Session& session, const RegistryServices& services,
                                     const Caller& caller, const TrustPlace& place) {
  boost::json::array items;
  const auto publishers = publishers_at(session, place, caller);
  for (auto one = publishers.begin(); one != publishers.end(); ++one) {
    const auto same = [&](const trust::TrustedPublisher& other) {
      return other.issuer_id == one->issuer_id && other.claims == one->claims;
    };
    if (std::any_of(publishers.begin(), one, same)) continue;
    boost::json::object item = one->to_json(services.issuers);
    // What is listed can be applied, and nobody asks for the end of a publisher.
    for (const char* member : {"expiresAt", "usableFrom", "pending"}) item.erase(member);
    items.push_back(std::move(item));
  }
  return items;
}

/// Adds what the caller governs and that has any.
void list_entry(db::Session& session, const RegistryServices& services, const Caller& caller,
                const TrustTarget& target, boost::json::array& entries) {
  const auto place = governed_place(session, caller, target);
  if (!place) return;
  auto publishers = publishers_listed(session, services, caller, *place);
  if (publishers.empty()) return;
  const char* kind = place->kind == trust::PlaceKind::scope ? "scope" : "package";
  boost::json::object entry{{kind, text_of(target)}, {"publishers", std::move(publishers)}};
  if (place->kind == trust::PlaceKind::pending) entry["pending"] = true;
  entries.push_back(std::move(entry));
}

}  // namespace

Result<boost::json::object> export_trust(RegistryServices& services, const Requester& requester,
                                         const std::string& scope) {
  if (const auto may = requester.may_govern(); !may) return pass_on(may);
  const Caller& caller = requester.rights();
  const auto administered = scopes_of(services, caller);
  if (!administered) return pass_on(administered);
  boost::json::array scopes, packages;
  const auto read = services.database.read([&](db::Session& session) -> Result<void> {
    services.issuers.refresh(session);
    for (const Scope& one : *administered) {
      if (!scope.empty() && "@" + one.name != scope) continue;
      list_entry(session, services, caller, ScopeOf{one.name}, scopes);
    }
    for (const std::string& text : names_near(session, caller, *administered)) {
      const auto name = PackageName::for_read(text);
      if (!name || (!scope.empty() && !text.starts_with(scope + "/"))) continue;
      list_entry(session, services, caller, *name, packages);
    }
    return {};
  });
  if (!read) return pass_on(read);
  return boost::json::object{{"scopes", std::move(scopes)}, {"packages", std::move(packages)}};
}

}  // namespace imp::registry
