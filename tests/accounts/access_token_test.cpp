#include "accounts/access_token.h"

#include <gtest/gtest.h>

#include <set>

#include "crypto/random.h"

namespace imp::accounts {
namespace {

TEST(AccessTokenFormat, HasPrefixLengthAndChecksum) {
  std::set<std::string> seen;
  for (int round = 0; round < 100; ++round) {
    const std::string token = generate_token(crypto::system_random());
    EXPECT_EQ(token.size(), 46u);
    EXPECT_TRUE(token.starts_with("imp_"));
    EXPECT_TRUE(is_token(token)) << token;
    seen.insert(token);
  }
  EXPECT_EQ(seen.size(), 100u);
}

/// Bytes chosen so that the token is known: the checksum is a contract with secret scanners.
class ZeroRandom final : public crypto::Random {
 public:
  void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, 0); }
};

TEST(AccessTokenFormat, ChecksumIsCrc32InBase62) {
  ZeroRandom random;
  // CRC-32 of 36 times '0' is 0x240431a2.
  EXPECT_EQ(generate_token(random), "imp_0000000000000000000000000000000000000etOEM");
}

TEST(AccessTokenFormat, EveryChangedCharacterIsNoticed) {
  const std::string token = generate_token(crypto::system_random());
  for (std::size_t at = 0; at < token.size(); ++at) {
    std::string changed = token;
    changed[at] = changed[at] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(is_token(changed)) << at;
  }
}

TEST(AccessTokenFormat, RefusesLookAlikes) {
  const std::string token = generate_token(crypto::system_random());
  const std::string cases[] = {"",
                               "imp_",
                               token + "0",
                               token.substr(0, 45),
                               " " + token,
                               token + "\n",
                               "npm_" + token.substr(4),
                               "IMP_" + token.substr(4),
                               "imp_" + std::string(42, '-'),
                               std::string(100'000, 'a')};
  for (const std::string& text : cases) EXPECT_FALSE(is_token(text)) << text.substr(0, 60);
}

TEST(AccessTokenFormat, RedactionShowsEightCharactersOfIt) {
  EXPECT_EQ(redact_token("imp_abcdefghijklmnopqrstuvwxyz01234567895Y2ZX1"), "imp_abcd...2ZX1");
  EXPECT_EQ(redact_token("short"), "...");
}

TEST(AccessToken, ReachesPackages) {
  const auto token = [](TokenPermission permission, bool all) {
    return AccessToken{.reach = {.packages_permission = permission,
                                 .all_packages = all,
                                 .packages = {"left-pad", "@acme/tool"},
                                 .scopes = {"@corp"}}};
  };
  using enum TokenPermission;
  const struct {
    TokenPermission permission;
    bool all;
    std::string_view package;
    PackageUse use;
    bool reached;
  } cases[] = {
      {read_write, true, "anything", PackageUse::write, true},
      {read_write, false, "left-pad", PackageUse::write, true},
      {read_write, false, "left-pad2", PackageUse::read, false},
      {read_write, false, "@acme/tool", PackageUse::write, true},
      {read_write, false, "@acme/other", PackageUse::read, false},
      {read_write, false, "@corp/x", PackageUse::write, true},
      {read_write, false, "@corporate/x", PackageUse::read, false},  // a prefix is not a scope
      {read_write, false, "@corp", PackageUse::read, true},
      {read_write, false, "corp/x", PackageUse::read, false},
      {read_write, false, "", PackageUse::read, false},
      {read_only, true, "anything", PackageUse::read, true},
      {read_only, true, "anything", PackageUse::stage, false},
      {read_only, true, "anything", PackageUse::write, false},
      {stage_only, true, "anything", PackageUse::read, true},
      {stage_only, true, "anything", PackageUse::stage, true},
      {stage_only, true, "anything", PackageUse::write, false},
      {no_access, true, "anything", PackageUse::read, false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(token(c.permission, c.all).reaches_package(c.package, c.use), c.reached)
        << name(c.permission) << " " << c.package << " " << static_cast<int>(c.use);
  }
}

TEST(AccessToken, OnlyUnlimitedAccountTokensActFully) {
  AccessToken token{
      .kind = TokenKind::personal,
      .reach = {.packages_permission = TokenPermission::read_write, .all_packages = true}};
  EXPECT_TRUE(token.acts_fully());
  token.kind = TokenKind::login;
  EXPECT_TRUE(token.acts_fully());
  token.kind = TokenKind::granular;  // even one for all packages is not the person
  EXPECT_FALSE(token.acts_fully());
  token.kind = TokenKind::personal;
  token.reach.packages_permission = TokenPermission::read_only;
  EXPECT_FALSE(token.acts_fully());
}

TEST(AccessToken, ReachesOrganizations) {
  AccessToken token{.kind = TokenKind::granular,
                    .reach = {.orgs_permission = TokenPermission::read_only, .orgs = {"acme"}}};
  EXPECT_TRUE(token.reaches_organization("acme", false));
  EXPECT_FALSE(token.reaches_organization("acme", true));
  EXPECT_FALSE(token.reaches_organization("corp", false));
  token.reach.orgs_permission = TokenPermission::read_write;
  EXPECT_TRUE(token.reaches_organization("acme", true));
  EXPECT_FALSE(token.reaches_organization("corp", true));
  token.kind = TokenKind::personal;
  EXPECT_TRUE(token.reaches_organization("corp", true));
}

TEST(TokenPermission, WordsOfNpm) {
  for (const std::string_view word :
       {"no-access", "read-only", "read-write", "read-write-stage-only"}) {
    const auto permission = token_permission(word);
    ASSERT_TRUE(permission) << word;
    EXPECT_EQ(name(*permission), word);
  }
  for (const std::string_view word : {"", "write", "Read-Only", "read-write "}) {
    EXPECT_FALSE(token_permission(word)) << word;
  }
}

}  // namespace
}  // namespace imp::accounts
