#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>

#include "fixture.h"

namespace imp::accounts {
namespace {

using testing::ElementsAre;

class AccessTokensTest : public AccountsTest {
 protected:
  NewToken granular(TokenPermission permission = TokenPermission::read_write) {
    return {.name = "ci",
            .kind = TokenKind::granular,
            .reach = {.packages_permission = permission, .all_packages = true}};
  }
  MintedToken mint(const NewToken& token) {
    auto minted = tokens_.create(alice_, token, actor(alice_));
    if (!minted) ADD_FAILURE() << minted.error().message;
    return minted.value();
  }
  std::string verify(std::string_view token, std::string_view address = "192.0.2.1") {
    return code_of(tokens_.verify(token, address));
  }

  Person alice_ = person("alice"), bob_ = person("bob");
  AccessTokens& tokens_ = accounts_->tokens;
};

TEST_F(AccessTokensTest, AMintedTokenIsItsPersons) {
  const MintedToken minted = mint(granular());
  const auto verified = tokens_.verify(minted.token, "192.0.2.1");
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->person->name, "alice");
  EXPECT_EQ(verified->token->key, minted.row.key);
  EXPECT_EQ(verified->token->redacted, redact_token(minted.token));
  EXPECT_THAT(audited(), testing::Contains("token.create"));
}

TEST_F(AccessTokensTest, OnlyTheHashIsStored) {
  const MintedToken minted = mint(granular());
  const std::string body = minted.token.substr(4, 36);
  for (const char* column : {"token_hash", "redacted", "name", "reach"}) {
    EXPECT_EQ(count(fmt::format("SELECT COUNT(*) FROM accounts_tokens WHERE {} LIKE '%{}%'", column,
                                body)),
              0);
  }
  EXPECT_EQ(count(fmt::format("SELECT COUNT(*) FROM audit_records WHERE detail LIKE '%{}%'", body)),
            0);
}

TEST_F(AccessTokensTest, UnknownTokensAreRefused) {
  const MintedToken minted = mint(granular());
  EXPECT_EQ(verify(generate_token(crypto::system_random())), "credential_invalid");
  EXPECT_EQ(verify(minted.row.key), "credential_invalid");
  EXPECT_EQ(verify(minted.row.redacted), "credential_invalid");
  EXPECT_EQ(verify(""), "credential_invalid");
}

TEST_F(AccessTokensTest, RulesForNewTokens) {
  using enum TokenPermission;
  const TokenReach all{.packages_permission = read_write, .all_packages = true};
  const struct {
    NewToken token;
    std::string_view message;  // what the public registry says, where it says something
  } cases[] = {
      {{.name = "", .reach = all}, "Token name is required"},
      {{.name = "x", .reach = {}},
       "You must have at least one package / scope or organization added to this token."},
      {{.name = "x", .reach = {.packages_permission = no_access, .packages = {"a"}}},
       "You must have at least one package / scope or organization added to this token."},
      {{.name = "x", .reach = {.packages_permission = read_only, .scopes = {"acme"}}},
       "A scope of the token is not of the form @name."},
      {{.name = "x",
        .reach = {.packages_permission = read_only, .packages = std::vector<std::string>(51, "a")}},
       "A token can have at most 50 packages and scopes."},
      {{.name = "x",
        .reach = {.orgs_permission = read_only, .orgs = std::vector<std::string>(51, "a")}},
       "A token can have at most 50 organizations."},
      {{.name = "x", .reach = {.orgs_permission = stage_only, .orgs = {"acme"}}},
       "Invalid orgs_permission. Must be one of: no-access, read-only, read-write"},
      {{.name = "x", .reach = all, .lifetime = 24h * 90 + 1ms},
       "Read-write tokens cannot have expiration longer than 90 days"},
      {{.name = "x", .reach = all, .lifetime = 0ms}, "A token cannot expire before it begins."},
      {{.name = "x", .reach = all, .lifetime = -1ms}, "A token cannot expire before it begins."},
      {{.name = "x", .reach = all, .lifetime = Milliseconds::max()},
       "Read-write tokens cannot have expiration longer than 90 days"},
      {{.name = "x", .reach = all, .cidr_whitelist = {"10.0.0.0/99"}},
       "\"10.0.0.0/99\" is not an address range in CIDR notation."},
      {{.name = "x", .kind = TokenKind::personal, .reach = all, .bypass_2fa = true},
       "Only granular tokens can bypass 2fa."},
      {{.name = "a\nb", .reach = all},
       "Token name and description must be one line of at most 200 bytes each."},
  };
  for (const auto& [token, message] : cases) {
    const auto created = tokens_.create(alice_, token, actor(alice_));
    ASSERT_FALSE(created) << message;
    EXPECT_EQ(created.error().code(), "token_invalid");
    EXPECT_EQ(created.error().message, message);
  }
}

TEST_F(AccessTokensTest, LifetimesWhenNoneIsAsked) {
  using enum TokenPermission;
  const Time now = clock_.now();
  EXPECT_EQ(mint(granular(read_write)).row.expires, now + 24h * 7);
  EXPECT_EQ(mint(granular(stage_only)).row.expires, now + 24h * 7);
  EXPECT_EQ(mint(granular(read_only)).row.expires, now + 24h * 30);
  EXPECT_EQ(mint({.kind = TokenKind::login, .reach = full_reach()}).row.expires, now + 24h * 30);
  EXPECT_EQ(mint({.kind = TokenKind::personal, .reach = full_reach()}).row.expires,
            now + 24h * 365);
}

TEST_F(AccessTokensTest, ExpiresExactlyOnTime) {
  NewToken token = granular();
  token.lifetime = 24h;
  const MintedToken minted = mint(token);
  clock_.advance(24h - 1ms);
  EXPECT_EQ(verify(minted.token), "");
  clock_.advance(1ms);  // cached a millisecond ago, and refused all the same
  EXPECT_EQ(verify(minted.token), "token_expired");
}

TEST_F(AccessTokensTest, RevocationIsVisibleAtOnceHereAndWithinASecondElsewhere) {
  const MintedToken minted = mint(granular());
  const auto other = another();
  EXPECT_EQ(verify(minted.token), "");
  EXPECT_TRUE(other->tokens.verify(minted.token, "192.0.2.1"));
  ASSERT_TRUE(tokens_.revoke(alice_, minted.token, actor(alice_)));
  EXPECT_EQ(verify(minted.token), "credential_invalid");
  clock_.advance(1s);
  EXPECT_EQ(code_of(other->tokens.verify(minted.token, "192.0.2.1")), "credential_invalid");
}

TEST_F(AccessTokensTest, RevokesByKeyTokenOrPrefix) {
  for (const auto& how : {+[](const MintedToken& token) { return token.row.key; },
                          +[](const MintedToken& token) { return token.token; },
                          +[](const MintedToken& token) { return token.row.key.substr(0, 8); }}) {
    const MintedToken minted = mint(granular());
    EXPECT_EQ(code_of(tokens_.revoke(alice_, how(minted), actor(alice_))), "");
    EXPECT_EQ(verify(minted.token), "credential_invalid");
  }
}

TEST_F(AccessTokensTest, RevokesNothingByAccident) {
  const MintedToken minted = mint(granular());
  const std::string cases[] = {"",
                               "%",
                               "%%%%%%",
                               "______",
                               minted.row.key.substr(0, 5),
                               minted.row.key + "0",
                               minted.row.redacted,
                               generate_token(crypto::system_random())};
  for (const std::string& text : cases) {
    EXPECT_EQ(code_of(tokens_.revoke(alice_, text, actor(alice_))), "token_not_found") << text;
  }
  // Somebody else's token, by its holder and by a stranger who acts for her.
  EXPECT_EQ(code_of(tokens_.revoke(bob_, minted.row.key, actor(bob_))), "token_not_found");
  EXPECT_EQ(code_of(tokens_.revoke(alice_, minted.row.key, actor(bob_))), "administrator_only");
  EXPECT_EQ(verify(minted.token), "");
}

TEST_F(AccessTokensTest, AnAmbiguousPrefixIsRefused) {
  // Seventeen keys of sixteen first digits would need luck: give two the same beginning.
  mint(granular());
  mint(granular());
  ASSERT_TRUE(database_->write([](db::Session& session) -> Result<void> {
    session.run("UPDATE accounts_tokens SET id = 'abcdef' || substr(id, 7)");
    return {};
  }));
  EXPECT_EQ(code_of(tokens_.revoke(alice_, "abcdef", actor(alice_))), "token_ambiguous");
}

TEST_F(AccessTokensTest, NobodyMintsForSomebodyElse) {
  EXPECT_EQ(code_of(tokens_.create(alice_, granular(), actor(bob_))), "administrator_only");
  EXPECT_EQ(code_of(tokens_.create(alice_, granular(), Actor::anonymous("192.0.2.1"))),
            "administrator_only");
  EXPECT_TRUE(tokens_.create(alice_, granular(), Actor::system()));
}

TEST_F(AccessTokensTest, AddressList) {
  NewToken token = granular();
  token.cidr_whitelist = {"10.0.0.0/8", "2001:db8::/32"};
  const MintedToken minted = mint(token);
  const struct {
    std::string_view address, code;
  } cases[] = {{"10.1.2.3", ""},
               {"::ffff:10.1.2.3", ""},
               {"2001:db8::7", ""},
               {"192.0.2.1", "address_not_allowed"},
               {"2001:db9::7", "address_not_allowed"},
               {"", "address_not_allowed"},
               {"unix socket", "address_not_allowed"}};
  for (const auto& [address, code] : cases) EXPECT_EQ(verify(minted.token, address), code);
}

TEST_F(AccessTokensTest, LastUseIsWrittenInBatches) {
  const MintedToken first = mint(granular()), second = mint(granular());
  clock_.advance(1min);
  const std::int64_t before = count("SELECT COUNT(*) FROM accounts_tokens WHERE last_used > 0");
  for (int n = 0; n < 100; ++n) EXPECT_EQ(verify(first.token), "");
  EXPECT_EQ(count("SELECT COUNT(*) FROM accounts_tokens WHERE last_used > 0"), before);
  ASSERT_TRUE(tokens_.flush_last_used());
  for (const AccessToken& token : *tokens_.list(alice_.id)) {
    EXPECT_EQ(token.last_used.has_value(), token.key == first.row.key);
    if (token.last_used) EXPECT_EQ(*token.last_used, clock_.now());
  }
  EXPECT_TRUE(tokens_.flush_last_used());  // nothing noted: nothing to do
}

TEST_F(AccessTokensTest, AnOlderUseOfAnotherNodeDoesNotTurnTheTimeBack) {
  const MintedToken minted = mint(granular());
  const auto other = another();
  ASSERT_TRUE(other->tokens.verify(minted.token, "192.0.2.1"));
  clock_.advance(1h);
  EXPECT_EQ(verify(minted.token), "");
  ASSERT_TRUE(tokens_.flush_last_used());
  ASSERT_TRUE(other->tokens.flush_last_used());
  EXPECT_EQ(tokens_.list(alice_.id)->front().last_used, clock_.now());
}

TEST_F(AccessTokensTest, ListsNewestFirstAndOnlyOnesOwn) {
  const MintedToken first = mint(granular());
  clock_.advance(1s);
  const MintedToken second = mint(granular());
  ASSERT_TRUE(tokens_.create(bob_, granular(), actor(bob_)));
  std::vector<std::string> keys;
  for (const AccessToken& token : *tokens_.list(alice_.id)) keys.push_back(token.key);
  EXPECT_THAT(keys, ElementsAre(second.row.key, first.row.key));
}

TEST_F(AccessTokensTest, EveryFieldSurvivesTheTable) {
  const NewToken token{.name = "na\"me",
                       .description = "d\\e",
                       .kind = TokenKind::granular,
                       .reach = {.packages_permission = TokenPermission::stage_only,
                                 .packages = {"left-pad", "@acme/x"},
                                 .scopes = {"@corp"},
                                 .orgs_permission = TokenPermission::read_only,
                                 .orgs = {"acme"}},
                       .bypass_2fa = true,
                       .cidr_whitelist = {"10.0.0.0/8"}};
  mint(token);
  const AccessToken read = tokens_.list(alice_.id)->front();
  EXPECT_EQ(read.name, token.name);
  EXPECT_EQ(read.description, token.description);
  EXPECT_EQ(read.kind, token.kind);
  EXPECT_EQ(read.reach.packages_permission, token.reach.packages_permission);
  EXPECT_FALSE(read.reach.all_packages);
  EXPECT_EQ(read.reach.packages, token.reach.packages);
  EXPECT_EQ(read.reach.scopes, token.reach.scopes);
  EXPECT_EQ(read.reach.orgs_permission, token.reach.orgs_permission);
  EXPECT_EQ(read.reach.orgs, token.reach.orgs);
  EXPECT_TRUE(read.bypass_2fa);
  EXPECT_EQ(read.cidr_whitelist, token.cidr_whitelist);
}

TEST_F(AccessTokensTest, ADamagedRowIsNoTokenWithoutLimits) {
  const char* const damages[] = {
      "UPDATE accounts_tokens SET reach = '{}'",
      "UPDATE accounts_tokens SET reach = 'nonsense'",
      "UPDATE accounts_tokens SET cidr_whitelist = ''",
      "UPDATE accounts_tokens SET cidr_whitelist = '[\"nonsense\"]'",
      "UPDATE accounts_tokens SET kind = 'root'",
  };
  for (const char* damage : damages) {
    const MintedToken minted = mint(granular());
    ASSERT_TRUE(database_->write([&](db::Session& session) -> Result<void> {
      session.run(damage);
      return {};
    }));
    EXPECT_FALSE(tokens_.verify(minted.token, "192.0.2.1")) << damage;
    ASSERT_TRUE(database_->write([&](db::Session& session) -> Result<void> {
      session.run("DELETE FROM accounts_tokens");
      return {};
    }));
  }
}

TEST_F(AccessTokensTest, ExpiredTokensStayListedUntilPurged) {
  const MintedToken minted = mint(granular());
  clock_.set(*minted.row.expires);
  EXPECT_EQ(tokens_.purge_expired(24h).value(), 0);
  EXPECT_EQ(tokens_.list(alice_.id)->size(), 1u);
  clock_.advance(24h);
  EXPECT_EQ(tokens_.purge_expired(24h).value(), 1);
  EXPECT_TRUE(tokens_.list(alice_.id)->empty());
}

TEST_F(AccessTokensTest, AThousandTokensAreEnough) {
  // Not a thousand mints: the rows count, not how they came.
  const MintedToken minted = mint(granular());
  ASSERT_TRUE(database_->write([&](db::Session& session) -> Result<void> {
    session.run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999) "
        "INSERT INTO accounts_tokens SELECT id || i, token_hash || i, person_id, redacted, name, "
        "description, kind, reach, bypass_2fa, cidr_whitelist, created, expires, last_used "
        "FROM accounts_tokens, n");
    return {};
  }));
  EXPECT_EQ(code_of(tokens_.create(alice_, granular(), actor(alice_))), "token_limit");
  clock_.set(*minted.row.expires);  // expired ones do not count
  EXPECT_TRUE(tokens_.create(alice_, granular(), actor(alice_)));
}

TEST_F(AccessTokensTest, AdministratorsRightsChangeWithoutANewToken) {
  const MintedToken minted = mint({.kind = TokenKind::personal, .reach = full_reach()});
  EXPECT_FALSE(tokens_.verify(minted.token, "192.0.2.1")->person->is_admin);
  ASSERT_TRUE(accounts_->people.set_admin(alice_, true, Actor::system()));
  EXPECT_TRUE(tokens_.verify(minted.token, "192.0.2.1")->person->is_admin);
}

}  // namespace
}  // namespace imp::accounts
