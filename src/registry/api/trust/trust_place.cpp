#include "registry/api/trust/trust_place.h"

#include <algorithm>

#include "accounts/organizations.h"
#include "accounts/refusal.h"
#include "registry/packages/refusal.h"
#include "registry/packages/store.h"

namespace imp::registry {

namespace {

const Membership* membership(const Caller& caller, const std::optional<std::string>& organization) {
  if (!organization) return nullptr;
  const auto found =
      std::ranges::find(caller.organizations, *organization, &Membership::organization);
  return found == caller.organizations.end() ? nullptr : &*found;
}

std::unexpected<Failure> hidden(const PackageName& name) {
  return refuse(
      PackageRefusal::package_not_found,
      fmt::format("Package not found: {}. You may not create it either: a name in a scope is for "
                  "the members of its organisation, or for the person of that name.",
                  name.text()));
}

Result<TrustPlace> place_of_package(db::Session& session, const Caller& caller,
                                    const PackageName& name, const Package& package) {
  const PackageAccess access = access_of(session, package);
  if (!may_read(caller, access)) return hidden(name);
  if (!may_administer(caller, access)) {
    return refuse(PackageRefusal::not_permitted,
                  "Insufficient permissions to access trusted publisher configurations for this "
                  "package: only its maintainers and the admins of its organisation may.");
  }
  return TrustPlace{package.id, trust::PlaceKind::package, package.owner};
}

Result<TrustPlace> place_of_new_name(db::Session& session, const Caller& caller,
                                     const PackageName& name) {
  const auto owner = scope_owner(session, name);
  if (!may_create(caller, name, owner)) return hidden(name);
  if (const auto fit = PackageName::for_new(name.text()); !fit) return pass_on(fit);
  const Membership* member = membership(caller, owner);
  return TrustPlace{trust::pending_place(name.text()), trust::PlaceKind::pending, owner,
                    member != nullptr && member->admin};
}

Result<TrustPlace> place_of_scope(db::Session& session, const Caller& caller,
                                  const ScopeOf& scope) {
  auto organization = accounts::find_organization_by_name(session, scope.organization);
  // By its name alone: records of one organisation are found by one subject.
  if (organization && organization->name != scope.organization) organization.reset();
  const Membership* member = membership(
      caller, organization ? std::optional(organization->id) : std::optional<std::string>());
  if (!member) {
    return refuse(accounts::AccountRefusal::organization_not_found,
                  fmt::format("There is no organisation \"{}\".", scope.organization));
  }
  if (!member->admin) {
    return refuse(PackageRefusal::not_permitted,
                  fmt::format("Only the admins of the organisation decide who may publish in the "
                              "scope @{}.",
                              organization->name));
  }
  return TrustPlace{trust::scope_place(organization->id), trust::PlaceKind::scope,
                    organization->id};
}

}  // namespace

Result<TrustTarget> addressed_target(const http::Request& request) {
  if (!request.param("organization").empty()) return ScopeOf{request.param("organization")};
  const auto name = addressed_package(request);
  if (!name) return pass_on(name);
  return *name;
}

std::string text_of(const TrustTarget& target) {
  if (const auto* name = std::get_if<PackageName>(&target)) return name->text();
  return "@" + std::get<ScopeOf>(target).organization;
}

std::string subject_of(const TrustTarget& target) {
  if (const auto* name = std::get_if<PackageName>(&target)) return "package:" + name->text();
  return "organization:" + std::get<ScopeOf>(target).organization;
}

Result<TrustPlace> governed_place(db::Session& session, const Caller& caller,
                                  const TrustTarget& target) {
  if (const auto* scope = std::get_if<ScopeOf>(&target)) {
    return place_of_scope(session, caller, *scope);
  }
  const PackageName& name = std::get<PackageName>(target);
  if (const auto package = find_package(session, name.text())) {
    return place_of_package(session, caller, name, *package);
  }
  return place_of_new_name(session, caller, name);
}

Result<TrustPlace> governed_place(RegistryServices& services, const Requester& requester,
                                  const TrustTarget& target) {
  if (const auto allowed = requester.may_govern(); !allowed) return pass_on(allowed);
  return services.database.read(
      [&](db::Session& session) { return governed_place(session, requester.rights(), target); });
}

std::vector<trust::TrustedPublisher> publishers_at(db::Session& session, const TrustPlace& place,
                                                   const Caller& caller) {
  auto publishers = trust::publishers_of(session, place.place);
  if (!place.every_maker) {
    std::erase_if(publishers, [&](const auto& one) { return one.created_by != caller.person; });
  }
  return publishers;
}

bool sees(const TrustPlace& place, const Caller& caller, const trust::TrustedPublisher& publisher) {
  // Rivals who prepared the name do not see each other, also once the name is one of theirs.
  if (trust::place_kind(publisher.package_id) != trust::PlaceKind::pending) return true;
  if (place.kind == trust::PlaceKind::pending && place.every_maker) return true;
  return publisher.created_by == caller.person;
}

std::vector<trust::TrustedPublisher> publishers_above(db::Session& session,
                                                      const TrustPlace& place) {
  if (place.kind == trust::PlaceKind::scope || !place.organization) return {};
  return trust::publishers_of(session, trust::scope_place(*place.organization));
}

}  // namespace imp::registry
