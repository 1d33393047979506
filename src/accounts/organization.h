#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace imp::accounts {

/// Owns an npm scope and CI projects.
struct Organization {
  std::string id;    ///< UUID; the CI half's organisation id and its "All members" group id
  std::string name;  ///< npm scope without '@', see name.h
  std::string display_name;
  std::string vcs_type;  ///< "circleci", "github" or "bitbucket"
  std::string slug;      ///< "circleci/<id>", "gh/acme", "bb/acme": unique
  Time created;
};

enum class Role : std::uint8_t { member, admin };
std::string_view name(Role role);  ///< "member", "admin"
/// The role of that name; any other text is the lesser role.
Role role_named(std::string_view name);

/// npm's roles: owner and admin are admin here, developer is member. Nothing for other words.
std::optional<Role> role_from_npm(std::string_view npm_role);
/// "admin" or "developer".
std::string_view npm_role(Role role);

struct Member {
  std::string person_id;
  std::string name;
  Role role = Role::member;
};

/// A named set of members: a CI security group, and what npm calls a team.
struct Group {
  std::string id;  ///< UUID
  std::string organization_id;
  std::string name;
  Time created;
};

}  // namespace imp::accounts
