#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/packages/package_name.h"

namespace imp::registry {

/// A person as packuments name one.
struct Person {
  std::string name;
  std::string email;
  bool operator==(const Person&) const = default;
};

enum class Access : std::uint8_t { open, restricted };
/// The word of the protocol: "public" or "restricted".
std::string_view name(Access access);
/// "public", "restricted" or its older synonym "private"; nothing for anything else.
std::optional<Access> access_from(std::string_view word);

/// A caller's place in one organisation.
struct Membership {
  std::string organization;  ///< its id
  bool admin = false;
};

/// Who asks, as far as packages care. A default-constructed caller is anonymous.
struct Caller {
  std::string person;                     ///< user name; empty for anonymous and exchanged tokens
  std::vector<Membership> organizations;  ///< where that person is a member
  /// Set for a token that was minted by trusted publishing: it may write and read this one package,
  /// and counts as nobody everywhere else.
  std::optional<std::string> only_package;

  bool anonymous() const { return person.empty() && !only_package; }
};

/// What decides who may do what with one package.
struct PackageAccess {
  std::string name;
  std::optional<std::string> owner;  ///< id of the organisation that owns the scope
  Access access = Access::open;
  std::vector<std::string> maintainers;  ///< user names
};

/// Public packages are everybody's to read; restricted ones the writers'.
bool may_read(const Caller& caller, const PackageAccess& package);
/// Publish, deprecate, unpublish, dist-tags: maintainers, members of the owning organisation, and
/// the exchanged token of this package (the caller checks that token's own permissions).
bool may_write(const Caller& caller, const PackageAccess& package);
/// Owners, visibility, trusted publishers: maintainers and admins of the owning organisation. Never
/// an exchanged token.
bool may_administer(const Caller& caller, const PackageAccess& package);
/// Whether a package of this name may be created: unscoped names by anybody who is signed in,
/// scoped ones by members of the organisation that owns the scope, or by the person of the scope's
/// name when no organisation does. `scope_owner` is the id of the organisation with the scope's
/// name. An exchanged token for this very name may, because its minting was the decision.
bool may_create(const Caller& caller, const PackageName& name,
                const std::optional<std::string>& scope_owner);

}  // namespace imp::registry
