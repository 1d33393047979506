#include "accounts/actor.h"

#include <algorithm>

#include "accounts/refusal.h"

namespace imp::accounts {

Result<void> require_full_credential(const Actor& actor) {
  if (!actor.limited) return {};
  return refuse(
      AccountRefusal::credential_limited,
      "This access token is limited: it cannot change accounts. Sign in with `npm login`, "
      "or use the web pages.");
}

Result<void> require_organization_reach(const Actor& actor, const std::string& organization) {
  if (!actor.limited ||
      std::ranges::find(actor.organizations, organization) != actor.organizations.end()) {
    return {};
  }
  return refuse(
      AccountRefusal::credential_limited,
      "This access token is limited: it cannot change the organisation " + organization + ".");
}

}  // namespace imp::accounts
