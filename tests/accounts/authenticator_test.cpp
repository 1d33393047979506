#include <gmock/gmock.h>
#include <algorithm>

#include "base/encoding.h"
#include "fixture.h"

namespace imp::accounts {
namespace {

using testing::Contains;
using testing::Not;

class AuthenticatorTest : public AccountsTest {
 protected:
  std::string basic(const std::string& user, const std::string& password) {
    return "Basic " + base64(bytes_of(user + ":" + password));
  }
  /// "token alice", "session alice", "anonymous", or the code of the refusal.
  std::string who(const http::Request& request) {
    const auto caller = accounts_->authenticator.authenticate(request);
    if (!caller) return std::string(caller.error().code());
    switch (caller->kind) {
      case CallerKind::anonymous:
        return "anonymous";
      case CallerKind::session:
        return "session " + caller->person->name;
      case CallerKind::token:
        return "token " + caller->person->name;
      case CallerKind::password:
        return "password " + caller->person->name;
    }
    return "";
  }
  std::string who(http::Headers headers) { return who(request(std::move(headers))); }

  Person alice_ = person("alice");
  std::string token_ =
      accounts_->tokens
          .create(alice_, {.kind = TokenKind::personal, .reach = full_reach()}, actor(alice_))
          ->token;
};

TEST_F(AuthenticatorTest, EveryFormOfCredential) {
  const std::string unknown = generate_token(crypto::system_random());
  const struct {
    http::Headers headers;
    std::string_view who;
  } cases[] = {
      {{}, "anonymous"},
      {{{"Authorization", "Bearer " + token_}}, "token alice"},
      {{{"authorization", "bearer " + token_}}, "token alice"},
      {{{"Circle-Token", token_}}, "token alice"},
      {{{"Authorization", basic("alice", token_)}}, "token alice"},
      {{{"Authorization", basic("x-access-token", token_)}}, "token alice"},  // git
      {{{"Authorization", basic(token_, "")}}, "token alice"},                // CircleCI clients
      {{{"Authorization", basic("alice", std::string(kPassword))}}, "password alice"},
      // Wrong credentials are never an anonymous caller.
      {{{"Authorization", "Bearer " + unknown}}, "credential_invalid"},
      {{{"Authorization", "Bearer nonsense"}}, "credential_invalid"},
      {{{"Authorization", "Bearer " + token_ + "x"}}, "credential_invalid"},
      {{{"Authorization", "Bearer "}}, "credential_malformed"},
      {{{"Authorization", ""}}, "credential_malformed"},
      {{{"Authorization", token_}}, "credential_malformed"},
      {{{"Authorization", "Digest username=alice"}}, "credential_malformed"},
      {{{"Authorization", "Basic !!!"}}, "credential_malformed"},
      {{{"Authorization", "Basic " + base64(bytes_of("alice"))}}, "credential_malformed"},
      {{{"Authorization", basic("alice", "wrong password")}}, "sign_in_failed"},
      {{{"Authorization", basic("alice", "")}}, "sign_in_failed"},
      {{{"Authorization", basic(unknown, "")}}, "credential_invalid"},
      {{{"Authorization", basic(token_, "x")}}, "sign_in_failed"},
      {{{"Circle-Token", ""}}, "credential_invalid"},
      {{{"Circle-Token", unknown}}, "credential_invalid"},
      // A good credential elsewhere does not save a bad one.
      {{{"Authorization", "Bearer " + unknown}, {"Circle-Token", token_}}, "credential_invalid"},
      // Two of a kind: a proxy may have looked at the other one.
      {{{"Authorization", "Bearer " + token_}, {"authorization", "Bearer " + token_}},
       "credential_malformed"},
      {{{"Circle-Token", token_}, {"circle-token", unknown}}, "credential_malformed"},
  };
  for (const auto& [headers, expected] : cases) {
    EXPECT_EQ(who(headers), expected) << (headers.empty() ? "" : headers.front().second);
  }
}

TEST_F(AuthenticatorTest, APasswordAloneIsNotEnoughWithASecondFactor) {
  enable_totp(alice_);
  EXPECT_EQ(who({{"Authorization", basic("alice", std::string(kPassword))}}),
            "password_not_enough");
  EXPECT_EQ(who({{"Authorization", basic("alice", token_)}}), "token alice");
}

TEST_F(AuthenticatorTest, SessionCookie) {
  const auto started = accounts_->sessions.start(alice_, request(), false);
  EXPECT_EQ(who({{"Cookie", "a=b; " + cookie_of(*started)}}), "session alice");
  // Browsers send a dead cookie without being asked: that is nobody, not an error.
  EXPECT_EQ(who({{"Cookie", "imp_session=" + std::string(43, 'A')}}), "anonymous");
  clock_.advance(24h * 7);
  EXPECT_EQ(who({{"Cookie", cookie_of(*started)}}), "anonymous");
}

TEST_F(AuthenticatorTest, CsrfACookieAloneChangesNothing) {
  const auto started = accounts_->sessions.start(alice_, request(), false);
  const std::string cookie = cookie_of(*started);
  const std::string& token = started->session.csrf_token;
  using enum http::Method;
  for (const http::Method method : {post, put, patch, del, options, other}) {
    EXPECT_EQ(who(request({{"Cookie", cookie}}, method)), "csrf_failed") << name(method);
    EXPECT_EQ(who(request({{"Cookie", cookie}, {"x-csrf-token", "x"}}, method)), "csrf_failed");
    EXPECT_EQ(who(request({{"Cookie", cookie}, {"x-csrf-token", token}}, method)), "session alice");
  }
  for (const http::Method method : {get, head}) {
    EXPECT_EQ(who(request({{"Cookie", cookie}}, method)), "session alice");
  }
  // A token in a header is not sent by a browser on its own, so it needs no CSRF token.
  EXPECT_EQ(who(request({{"Cookie", cookie}, {"Authorization", "Bearer " + token_}}, put)),
            "token alice");
}

TEST_F(AuthenticatorTest, CsrfTokenOfAnotherSessionIsRefused) {
  const auto mine = accounts_->sessions.start(alice_, request(), false);
  const auto other = accounts_->sessions.start(person("mallory"), request(), false);
  EXPECT_EQ(who(request({{"Cookie", cookie_of(*mine)}, {"x-csrf-token", other->session.csrf_token}},
                        http::Method::post)),
            "csrf_failed");
}

TEST_F(AuthenticatorTest, AHalfSignedInBrowserIsNobody) {
  const auto pending = accounts_->sessions.start(alice_, request(), true);
  const auto caller =
      accounts_->authenticator.authenticate(request({{"Cookie", cookie_of(*pending)}}));
  ASSERT_TRUE(caller);
  EXPECT_FALSE(caller->signed_in());
  EXPECT_TRUE(caller->session->pending);  // so that the page can ask for the code
  EXPECT_FALSE(caller->acts_fully());
  EXPECT_EQ(
      code_of(accounts_->authenticator.require_person(request({{"Cookie", cookie_of(*pending)}}))),
      "not_signed_in");
}

TEST_F(AuthenticatorTest, AddressListOfAToken) {
  const auto bound = accounts_->tokens.create(
      alice_,
      {.kind = TokenKind::personal, .reach = full_reach(), .cidr_whitelist = {"198.51.100.0/24"}},
      actor(alice_));
  http::Request from = request({{"Authorization", "Bearer " + bound->token}});
  EXPECT_EQ(who(from), "address_not_allowed");
  const auto refused = accounts_->authenticator.authenticate(from);
  EXPECT_THAT(refusal_response(refused.error()).headers,
              Contains(testing::Pair("www-authenticate", "ipaddress")));
  from.remote_address = "198.51.100.9";
  EXPECT_EQ(who(from), "token alice");
}

TEST_F(AuthenticatorTest, RefusalsAreRecordedUpToALimitAndCounted) {
  for (int n = 0; n < 150; ++n) who({{"Authorization", "Bearer nonsense"}});
  EXPECT_EQ(std::ranges::count(audited(), "authenticate"), 100);
  EXPECT_TRUE(metrics_.exposition().contains(
      "imprimatur_refusals_total{code=\"credential_invalid\",module=\"accounts\"} 150"))
      << metrics_.exposition();
}

TEST_F(AuthenticatorTest, CredentialsNeverReachTheAuditLog) {
  who({{"Authorization", "Bearer imp_secretsecretsecret"}});
  who({{"Authorization", basic("alice", "secretsecretsecret")}});
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records WHERE detail LIKE '%secretsecret%' OR "
                  "subject LIKE '%secretsecret%'"),
            0);
}

TEST_F(AuthenticatorTest, AnAdministratorsLimitedTokenDoesNotAdminister) {
  const Person root = person("root", true);
  const auto actor_of = [&](const NewToken& token) {
    const auto minted = accounts_->tokens.create(root, token, actor(root));
    return accounts_->authenticator
        .authenticate(request({{"Authorization", "Bearer " + minted->token}}))
        ->actor();
  };
  TokenReach all{.packages_permission = TokenPermission::read_write, .all_packages = true};
  TokenReach reading{.packages_permission = TokenPermission::read_only, .all_packages = true};
  EXPECT_TRUE(actor_of({.kind = TokenKind::personal, .reach = full_reach()}).is_admin);
  EXPECT_FALSE(actor_of({.name = "x", .kind = TokenKind::granular, .reach = all}).is_admin);
  EXPECT_FALSE(actor_of({.kind = TokenKind::personal, .reach = reading}).is_admin);
}

TEST_F(AuthenticatorTest, ALimitedTokenCannotMakeItselfStronger) {
  const Organization acme = organization("acme", alice_), corp = organization("corp", alice_);
  const Person bob = person("bob");
  const auto other = accounts_->tokens.create(
      alice_, {.kind = TokenKind::personal, .reach = full_reach()}, actor(alice_));
  const auto minted =
      accounts_->tokens.create(alice_,
                               {.name = "ci",
                                .reach = {.packages_permission = TokenPermission::read_write,
                                          .all_packages = true,
                                          .orgs_permission = TokenPermission::read_write,
                                          .orgs = {"acme"}},
                                .bypass_2fa = true},
                               actor(alice_));
  const Actor limited = accounts_->authenticator
                            .authenticate(request({{"Authorization", "Bearer " + minted->token}}))
                            ->actor();
  EXPECT_TRUE(limited.limited);
  auto& accounts = *accounts_;
  EXPECT_EQ(code_of(accounts.tokens.create(alice_, {.kind = TokenKind::login}, limited)),
            "credential_limited");
  EXPECT_EQ(code_of(accounts.tokens.revoke(alice_, other->row.key, limited)), "credential_limited");
  EXPECT_EQ(code_of(accounts.people.set_password(alice_, "0123456789", limited)),
            "credential_limited");
  EXPECT_EQ(code_of(accounts.people.change_profile(alice_, {.email = "m@x"}, limited)),
            "credential_limited");
  EXPECT_EQ(code_of(accounts.second_factors.begin_totp(alice_, limited)), "credential_limited");
  EXPECT_EQ(code_of(accounts.second_factors.disable(alice_, limited)), "credential_limited");
  EXPECT_EQ(code_of(accounts.organizations.create({.name = "evil"}, alice_, limited)),
            "credential_limited");
  EXPECT_EQ(code_of(accounts.organizations.set_member(corp, bob, Role::admin, limited)),
            "credential_limited");
  EXPECT_EQ(code_of(accounts.organizations.remove_member(corp, alice_, limited)),
            "credential_limited");
  EXPECT_EQ(code_of(accounts.groups.create(corp, "x", limited)), "credential_limited");
  // What it was made for, and its own end.
  EXPECT_TRUE(accounts.organizations.set_member(acme, bob, Role::member, limited));
  EXPECT_TRUE(accounts.tokens.revoke(alice_, minted->token, limited));
}

TEST_F(AuthenticatorTest, WhatCallersReach) {
  const Caller nobody = Caller::anonymous(request());
  EXPECT_TRUE(nobody.reaches_package("left-pad", PackageUse::read));
  EXPECT_FALSE(nobody.reaches_package("left-pad", PackageUse::stage));
  EXPECT_FALSE(nobody.acts_fully());
  EXPECT_FALSE(nobody.reads_fully());
  Caller reader = Caller::anonymous(request());
  reader.kind = CallerKind::token;
  reader.person = std::make_shared<const Person>(alice_);
  reader.token = std::make_shared<const AccessToken>(AccessToken{
      .key = "k",
      .kind = TokenKind::personal,
      .reach = {.packages_permission = TokenPermission::read_only, .all_packages = true}});
  EXPECT_TRUE(reader.reads_fully());
  EXPECT_FALSE(reader.acts_fully());
  EXPECT_FALSE(reader.reaches_package("left-pad", PackageUse::write));
  EXPECT_EQ(reader.actor().via, "token:k");
  EXPECT_TRUE(Caller::with_password(alice_, request()).acts_fully());
}

TEST(RefusalResponse, TellsNpmWhatIsMissing) {
  const struct {
    AccountRefusal refusal;
    int status;
    std::string_view need;
  } cases[] = {
      {AccountRefusal::not_signed_in, 401, "Bearer"},
      {AccountRefusal::token_expired, 401, "Bearer"},
      {AccountRefusal::address_not_allowed, 401, "ipaddress"},
      {AccountRefusal::second_factor_required, 401, "OTP"},
      {AccountRefusal::csrf_failed, 403, ""},
      {AccountRefusal::too_many_attempts, 429, ""},
  };
  for (const auto& [refusal, status, need] : cases) {
    const http::Response response =
        refusal_response({.reason = reason(refusal), .message = "x", .detail = {}});
    EXPECT_EQ(response.status, status);
    std::string found;
    for (const auto& [key, value] : response.headers) {
      if (key == "www-authenticate") found = value;
    }
    EXPECT_EQ(found, need);
  }
}

}  // namespace
}  // namespace imp::accounts
