#include "accounts/access_token.h"

#include <algorithm>
#include <array>

namespace imp::accounts {
namespace {

constexpr std::string_view kPrefix = "imp_";
constexpr std::size_t kRandomLength = 36;
constexpr std::size_t kChecksumLength = 6;
constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// CRC-32 of ISO 3309, as in zlib.
std::uint32_t crc32(std::string_view text) {
  std::uint32_t crc = 0xffffffff;
  for (const unsigned char c : text) {
    crc ^= c;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0xedb88320 : 0);
  }
  return ~crc;
}

std::string checksum(std::string_view random) {
  std::string digits(kChecksumLength, kDigits[0]);
  std::uint32_t rest = crc32(random);
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    *digit = kDigits[rest % kDigits.size()];
    rest /= kDigits.size();
  }
  return digits;
}

struct PermissionWord {
  TokenPermission permission;
  std::string_view word;
};
constexpr std::array<PermissionWord, 4> kPermissionWords{
    {{TokenPermission::no_access, "no-access"},
     {TokenPermission::read_only, "read-only"},
     {TokenPermission::stage_only, "read-write-stage-only"},
     {TokenPermission::read_write, "read-write"}}};

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::ranges::find(list, item) != list.end();
}

std::string_view scope_of(std::string_view package) {
  if (!package.starts_with('@')) return {};
  return package.substr(0, package.find('/'));
}

}  // namespace

std::string generate_token(crypto::Random& random) {
  const std::string body = random.alphanumeric(kRandomLength);
  return std::string(kPrefix) + body + checksum(body);
}

bool is_token(std::string_view text) {
  if (text.size() != kPrefix.size() + kRandomLength + kChecksumLength) return false;
  if (!text.starts_with(kPrefix)) return false;
  const std::string_view body = text.substr(kPrefix.size(), kRandomLength);
  if (body.find_first_not_of(kDigits) != std::string_view::npos) return false;
  return text.substr(kPrefix.size() + kRandomLength) == checksum(body);
}

std::string redact_token(std::string_view token) {
  if (token.size() < kPrefix.size() + kRandomLength) return "...";
  return std::string(token.substr(0, kPrefix.size() + 4)) + "..." +
         std::string(token.substr(token.size() - 4));
}

std::string_view name(TokenKind kind) {
  switch (kind) {
    case TokenKind::login:
      return "login";
    case TokenKind::personal:
      return "personal";
    case TokenKind::granular:
      return "granular";
  }
  return "granular";
}

std::string_view name(TokenPermission permission) {
  const auto found = std::ranges::find(kPermissionWords, permission, &PermissionWord::permission);
  return found->word;
}

std::optional<TokenPermission> token_permission(std::string_view npm_word) {
  const auto found = std::ranges::find(kPermissionWords, npm_word, &PermissionWord::word);
  if (found == kPermissionWords.end()) return std::nullopt;
  return found->permission;
}

bool AccessToken::reaches_package(std::string_view package, PackageUse use) const {
  switch (reach.packages_permission) {
    case TokenPermission::no_access:
      return false;
    case TokenPermission::read_only:
      if (use != PackageUse::read) return false;
      break;
    case TokenPermission::stage_only:
      if (use == PackageUse::write) return false;
      break;
    case TokenPermission::read_write:
      break;
  }
  if (reach.all_packages || contains(reach.packages, package)) return true;
  const std::string_view scope = scope_of(package);
  return !scope.empty() && contains(reach.scopes, scope);
}

bool AccessToken::reaches_organization(std::string_view organization, bool write) const {
  const bool permitted = write ? reach.orgs_permission == TokenPermission::read_write
                               : reach.orgs_permission != TokenPermission::no_access;
  if (!permitted) return false;
  return kind != TokenKind::granular || contains(reach.orgs, organization);
}

bool AccessToken::acts_fully() const {
  return kind != TokenKind::granular && reach.packages_permission == TokenPermission::read_write &&
         reach.all_packages;
}

bool AccessToken::read_only() const {
  const auto writes = [](TokenPermission permission) {
    return permission == TokenPermission::read_write || permission == TokenPermission::stage_only;
  };
  return !writes(reach.packages_permission) && !writes(reach.orgs_permission);
}

}  // namespace imp::accounts
