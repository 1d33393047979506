#include "accounts/organization.h"

namespace imp::accounts {

std::string_view name(Role role) { return role == Role::admin ? "admin" : "member"; }

Role role_named(std::string_view name) { return name == "admin" ? Role::admin : Role::member; }

std::optional<Role> role_from_npm(std::string_view npm_role) {
  if (npm_role == "owner" || npm_role == "admin") return Role::admin;
  if (npm_role == "developer") return Role::member;
  return std::nullopt;
}

std::string_view npm_role(Role role) { return role == Role::admin ? "admin" : "developer"; }

}  // namespace imp::accounts
