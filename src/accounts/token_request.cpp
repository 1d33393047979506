#include "accounts/token_request.h"

#include <fmt/format.h>
#include <algorithm>
#include <chrono>

#include "accounts/cidr.h"
#include "accounts/name.h"
#include "accounts/refusal.h"
#include "base/encoding.h"

namespace imp::accounts {
namespace {

constexpr std::size_t kLongestText = 200;
constexpr std::size_t kMostPackagesAndScopes = 50;
constexpr std::size_t kMostOrganizations = 50;
constexpr std::size_t kMostAddresses = 50;
constexpr std::size_t kLongestPackageName = 214;
constexpr Milliseconds kWriteDefault = std::chrono::days(7);
constexpr Milliseconds kReadDefault = std::chrono::days(30);

std::unexpected<Failure> invalid(std::string message) {
  return refuse(AccountRefusal::token_invalid, std::move(message));
}

bool plain_text(std::string_view text) {
  return text.size() <= kLongestText && is_utf8(text) &&
         std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

bool writes(const TokenReach& reach) {
  return reach.packages_permission >= TokenPermission::stage_only ||
         reach.orgs_permission >= TokenPermission::stage_only;
}

Milliseconds longest_lifetime(const NewToken& token, const Settings& settings) {
  if (token.kind == TokenKind::login) return settings.login_token_lifetime;
  if (token.kind == TokenKind::granular && writes(token.reach)) {
    return settings.write_token_lifetime;
  }
  return settings.personal_token_lifetime;
}

Result<void> check_reach(const TokenReach& reach) {
  if (reach.packages.size() + reach.scopes.size() > kMostPackagesAndScopes) {
    return invalid("A token can have at most 50 packages and scopes.");
  }
  if (reach.orgs.size() > kMostOrganizations) {
    return invalid("A token can have at most 50 organizations.");
  }
  if (reach.orgs_permission == TokenPermission::stage_only) {
    return invalid("Invalid orgs_permission. Must be one of: no-access, read-only, read-write");
  }
  for (const std::string& package : reach.packages) {
    if (package.empty() || package.size() > kLongestPackageName || !plain_text(package)) {
      return invalid("A package of the token is not a package name.");
    }
  }
  for (const std::string& scope : reach.scopes) {
    if (!scope.starts_with('@') || !check_name(scope.substr(1))) {
      return invalid("A scope of the token is not of the form @name.");
    }
  }
  for (const std::string& organization : reach.orgs) {
    if (!check_name(organization)) return invalid("An organization of the token is not a name.");
  }
  const bool packages = reach.packages_permission != TokenPermission::no_access &&
                        (reach.all_packages || !reach.packages.empty() || !reach.scopes.empty());
  const bool organizations =
      reach.orgs_permission != TokenPermission::no_access && !reach.orgs.empty();
  if (packages || organizations) return {};
  return invalid("You must have at least one package / scope or organization added to this token.");
}

}  // namespace

Result<void> check_new_token(const NewToken& token, const Settings& settings) {
  if (token.name.empty() && token.kind == TokenKind::granular) {
    return invalid("Token name is required");
  }
  if (!plain_text(token.name) || !plain_text(token.description)) {
    return invalid("Token name and description must be one line of at most 200 bytes each.");
  }
  if (token.kind == TokenKind::granular) {
    if (auto valid = check_reach(token.reach); !valid) return valid;
  }
  if (token.bypass_2fa && token.kind != TokenKind::granular) {
    return invalid("Only granular tokens can bypass 2fa.");
  }
  if (token.cidr_whitelist.size() > kMostAddresses) {
    return invalid("A token can have at most 50 address ranges.");
  }
  for (const std::string& block : token.cidr_whitelist) {
    if (!CidrBlock::parse(block)) {
      return invalid("\"" + block.substr(0, 60) + "\" is not an address range in CIDR notation.");
    }
  }
  if (!token.lifetime) return {};
  if (token.lifetime->count() <= 0) return invalid("A token cannot expire before it begins.");
  const Milliseconds longest = longest_lifetime(token, settings);
  if (*token.lifetime <= longest) return {};
  const auto days = std::chrono::duration_cast<std::chrono::days>(longest).count();
  if (token.kind == TokenKind::granular && writes(token.reach)) {
    return invalid(
        fmt::format("Read-write tokens cannot have expiration longer than {} days", days));
  }
  return invalid(fmt::format("This token cannot have expiration longer than {} days", days));
}

Milliseconds lifetime_of(const NewToken& token, const Settings& settings) {
  if (token.lifetime) return *token.lifetime;
  const Milliseconds longest = longest_lifetime(token, settings);
  if (token.kind != TokenKind::granular) return longest;
  return std::min(longest, writes(token.reach) ? kWriteDefault : kReadDefault);
}

}  // namespace imp::accounts
