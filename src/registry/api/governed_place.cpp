#include "registry/api/governed_place.h"

#include <algorithm>

#include "accounts/organizations.h"
#include "accounts/refusal.h"
#include "registry/api/trust/trust_changes.h"
#include "registry/packages/refusal.h"
#include "registry/packages/store.h"
#include "registry/publish/package_change.h"

namespace imp::registry {

namespace {

std::unexpected<Failure> no_organization(std::string_view name) {
  return refuse(accounts::AccountRefusal::organization_not_found,
                fmt::format("There is no organisation \"{}\".", name));
}

/// Members may know that it is there; to change anything takes an admin.
Result<void> administers(const Caller& caller, const GovernedPlace& place) {
  const auto membership =
      std::ranges::find(caller.organizations, place.id, &Membership::organization);
  if (membership == caller.organizations.end()) return no_organization(place.name);
  if (membership->admin) return {};
  return refuse(PackageRefusal::not_permitted,
                fmt::format("Only admins of {} see and change what is set for it.", place.name));
}

}  // namespace

std::string GovernedPlace::subject() const {
  return fmt::format("{}:{}", kind == Kind::package ? "package" : "organization", name);
}

Result<GovernedPlace> governed_place(RegistryServices& services, const Requester& requester,
                                     const PackageName& package) {
  const auto found = governed_package(services, requester, package);
  if (!found) return pass_on(found);
  return GovernedPlace{GovernedPlace::Kind::package, found->id, found->name, found->owner};
}

Result<GovernedPlace> governed_organization(RegistryServices& services, const Requester& requester,
                                            std::string_view name) {
  if (const auto allowed = requester.may_govern(); !allowed) return pass_on(allowed);
  const auto organization = services.accounts.organizations.by_name(name);
  if (!organization) return pass_on(organization);
  GovernedPlace place{GovernedPlace::Kind::organization, organization->id, organization->name,
                      organization->id};
  if (const auto may = administers(requester.rights(), place); !may) return pass_on(may);
  return place;
}

Result<GovernedPlace> addressed_place(RegistryServices& services, const Requester& requester,
                                      const http::Request& request) {
  if (request.param("package").empty()) {
    return governed_organization(services, requester, request.param("organization"));
  }
  const auto name = addressed_package(request);
  if (!name) return pass_on(name);
  return governed_place(services, requester, *name);
}

Result<Caller> still_governs(db::Session& session, const Requester& requester,
                             const GovernedPlace& place, Time now) {
  auto rights = requester.rights_now(session, now);
  if (!rights) return rights;
  if (place.kind == GovernedPlace::Kind::organization) {
    if (const auto may = administers(*rights, place); !may) return pass_on(may);
    return rights;
  }
  const auto name = PackageName::for_read(place.name);
  if (!name) return pass_on(name);
  const auto package = open_for_change(session, *name, *rights, ChangeOf::administration);
  if (!package) return pass_on(package);
  return rights;
}

}  // namespace imp::registry
