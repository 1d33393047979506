#include "registry/packages/access.h"

#include <algorithm>

namespace imp::registry {
namespace {

const Membership* membership(const Caller& caller, const std::optional<std::string>& organization) {
  if (!organization) return nullptr;
  const auto found =
      std::ranges::find(caller.organizations, *organization, &Membership::organization);
  return found == caller.organizations.end() ? nullptr : &*found;
}

bool maintains(const Caller& caller, const PackageAccess& package) {
  return !caller.person.empty() &&
         std::ranges::find(package.maintainers, caller.person) != package.maintainers.end();
}

}  // namespace

std::string_view name(Access access) { return access == Access::open ? "public" : "restricted"; }

std::optional<Access> access_from(std::string_view word) {
  if (word == "public") return Access::open;
  if (word == "restricted" || word == "private") return Access::restricted;
  return std::nullopt;
}

bool may_read(const Caller& caller, const PackageAccess& package) {
  return package.access == Access::open || may_write(caller, package);
}

bool may_write(const Caller& caller, const PackageAccess& package) {
  // A token minted for one package is not its person's token: nothing else widens it.
  if (caller.only_package) return *caller.only_package == package.name;
  if (caller.person.empty()) return false;
  return maintains(caller, package) || membership(caller, package.owner) != nullptr;
}

bool may_administer(const Caller& caller, const PackageAccess& package) {
  if (caller.only_package || caller.person.empty()) return false;
  const Membership* member = membership(caller, package.owner);
  return maintains(caller, package) || (member != nullptr && member->admin);
}

bool may_create(const Caller& caller, const PackageName& name,
                const std::optional<std::string>& scope_owner) {
  if (caller.only_package) return *caller.only_package == name.text();
  if (caller.person.empty()) return false;
  if (!name.scoped()) return true;
  if (scope_owner) return membership(caller, scope_owner) != nullptr;
  return name.scope() == caller.person;
}

}  // namespace imp::registry
