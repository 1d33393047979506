#include "registry/trust/exchange.h"

#include <atomic>
#include <latch>
#include <thread>

#include "audit/verify.h"
#include "registry/trust/publish_token.h"
#include "registry/trust/publisher_place.h"
#include "trust_fixture.h"

namespace imp::trust::test {
namespace {

using namespace std::chrono_literals;

TEST_F(ExchangeTest, GivesATokenForOnePackageAndQuarterOfAnHour) {
  const TrustedPublisher publisher = add_default();
  const auto minted = exchange(signed_token(job_claims()));
  ASSERT_TRUE(minted) << minted.error().message;
  EXPECT_EQ(minted->token.package_name, "@acme/widget");
  EXPECT_EQ(minted->token.publisher_id, publisher.id);
  EXPECT_EQ(minted->token.permissions, publisher.permissions);
  EXPECT_EQ(minted->token.expires_at, clock.now() + 15min);
  const auto found = database->read(
      [&](db::Session& session) { return find_publish_token(session, minted->text, clock.now()); });
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->run.at("project-id"), json::value(kProject));
  EXPECT_EQ(found->run.at("jti"), job_claims().at("jti"));
  ASSERT_EQ(attempts().size(), 1u);
  EXPECT_EQ(attempts().front().outcome, "granted");
  EXPECT_EQ(attempts().front().publisher_id, publisher.id);
  EXPECT_TRUE(attempts().front().proved);
  EXPECT_EQ(text("SELECT action || ' ' || outcome || ' ' || actor FROM audit_records"),
            "trust.exchange granted publisher:" + publisher.id);
  EXPECT_TRUE(counted("trust_exchanges_total{outcome=\"granted\"} 1"));
  EXPECT_EQ(count("SELECT last_used_at FROM trusted_publisher"), to_milliseconds(kNow));
}

TEST_F(ExchangeTest, TheMostSpecificPublisherDecides) {
  add(package.id, publisher_claims(), {true, true, false});
  const TrustedPublisher specific =
      add(package.id, publisher_claims({kContextA}), {false, true, false});
  const auto minted = exchange(signed_token(job_claims()));
  ASSERT_TRUE(minted);
  EXPECT_EQ(minted->token.publisher_id, specific.id);
  EXPECT_FALSE(minted->token.permissions.create_package);
}

TEST_F(ExchangeTest, TheRootIssuerIsAnIssuerToo) {
  add_default();
  EXPECT_EQ(outcome(token_with("iss", json_string(kBase))), "granted");
}

TEST_F(ExchangeTest, APublisherOfAnotherIssuerNeverMatches) {
  add(package.id, publisher_claims(), {true, true, false}, "imprimatur");
  EXPECT_EQ(outcome(signed_token(job_claims())), "no_matching_publisher");
  EXPECT_EQ(outcome(token_with("iss", json_string(kBase))), "no_matching_publisher");
  EXPECT_EQ(remote.fetches(), 0);
}

// Also where somebody trusts the token's own issuer: then only the publisher's row tells.
TEST_F(ExchangeTest, APublisherOfAnotherIssuerNeverMatchesThoughItsClaimsAgree) {
  const auto theirs = add_package("@acme/gadget");
  add(theirs.id, publisher_claims());
  add(package.id, publisher_claims(), {true, true, false}, "imprimatur");
  for (const std::string& iss : {organization_issuer(), std::string(kBase)}) {
    EXPECT_EQ(outcome(token_with("iss", json_string(iss))), "no_matching_publisher") << iss;
    EXPECT_EQ(outcome(token_with("iss", json_string(iss)), "@acme/gadget"), "granted") << iss;
  }
  // The same the other way round.
  add(theirs.id, changed(publisher_claims(), claim("org-id"), json_string(kOther)),
      {true, true, false}, "imprimatur");
  const std::string own =
      token_with("iss", json_string("https://registry.example/oidc/org/" + kOrganization));
  EXPECT_EQ(outcome(own, "@acme/gadget"), "no_matching_publisher");
  EXPECT_EQ(outcome(own), "granted");
}

TEST_F(ExchangeTest, APublisherOfAnotherProviderNeverMatches) {
  add_default();
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    session.run("UPDATE trusted_publisher SET type = 'semaphore'");
    return {};
  }));
  EXPECT_EQ(outcome(signed_token(job_claims())), "no_matching_publisher");
}

TEST_F(ExchangeTest, AKeyOfAnotherIssuerDoesNotSign) {
  add_default();
  add(package.id, changed(publisher_claims(), claim("org-id"), json_string(kOther)));
  remote.answer([&](const http::Fetch& request) -> Result<http::Fetched> {
    if (!request.url.contains("jwks")) return remote.healthy(request);
    const bool mine = request.url.contains(kOrganization);
    return json_answer(
        jwks_of({{mine ? "mine" : "theirs",
                  (mine ? jose::test::rsa_key() : jose::test::foreign_rsa_key()).public_key()}}));
  });
  EXPECT_EQ(outcome(signed_token(job_claims(), jose::test::foreign_rsa_key(), "theirs")),
            "unknown_key");
  EXPECT_EQ(outcome(signed_token(job_claims(), jose::test::rsa_key(), "mine")), "granted");
}

TEST_F(ExchangeTest, ARotatedKeyIsFetchedOnce) {
  add_default();
  EXPECT_EQ(outcome(token_numbered(1)), "granted");
  remote.publish_keys(jwks_of({{"new", jose::test::foreign_rsa_key().public_key()}}));
  clock.advance(61s);
  const json::object claims = changed(job_claims(), "jti", "\"other\"");
  EXPECT_EQ(outcome(signed_token(claims, jose::test::foreign_rsa_key(), "new")), "granted");
  EXPECT_EQ(outcome(signed_token(claims, jose::test::foreign_rsa_key(), "newer")), "unknown_key");
  EXPECT_EQ(remote.fetches_of("jwks"), 2);
}

// Replay.

TEST_F(ExchangeTest, ATokenIsExchangedOnce) {
  add_default();
  const std::string token = signed_token(job_claims());
  EXPECT_EQ(outcome(token), "granted");
  EXPECT_EQ(outcome(token), "replayed");
  // Another token of the same number is the same token.
  EXPECT_EQ(outcome(token_with("nbf", std::to_string(kIssuedAt))), "replayed");
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 1);
}

TEST_F(ExchangeTest, ATokenIsExchangedOnceForAllPackages) {
  add_default();
  add(add_package("@acme/second").id, publisher_claims());
  const std::string token = signed_token(job_claims());
  EXPECT_EQ(outcome(token), "granted");
  EXPECT_EQ(outcome(token, "@acme/second"), "replayed");
}

TEST_F(ExchangeTest, ARefusedTokenIsNotUsedUp) {
  add_default();
  const std::string token = signed_token(job_claims());
  EXPECT_EQ(outcome(token, "@acme/absent"), "no_matching_publisher");
  EXPECT_EQ(outcome(token), "granted");
}

TEST_F(ExchangeTest, ATokenWithoutNumberIsRememberedByItsText) {
  add_default();
  const std::string token = token_with("jti", "");
  EXPECT_EQ(outcome(token), "granted");
  EXPECT_EQ(outcome(token), "replayed");
  EXPECT_EQ(outcome(signed_token(
                changed(changed(job_claims(), "jti", ""), "nbf", std::to_string(kIssuedAt)))),
            "granted");
}

TEST_F(ExchangeTest, ATokensNumberIsShortText) {
  add_default();
  for (const std::string& jti : {std::string("\"\""), std::string("7"), std::string("[\"a\"]"),
                                 std::string("null"), json_string(std::string(257, 'j'))}) {
    EXPECT_EQ(outcome(token_with("jti", jti)), "claim_type") << jti;
  }
  EXPECT_EQ(outcome(token_with("jti", json_string(std::string(256, 'j')))), "granted");
}

TEST_F(ExchangeTest, TheSameNumberOfTwoIssuersIsTwoTokens) {
  add_default();
  EXPECT_EQ(outcome(signed_token(job_claims())), "granted");
  EXPECT_EQ(outcome(token_with("iss", json_string(kBase))), "granted");
}

TEST_F(ExchangeTest, AReplayInTheLeewayIsSeen) {
  add_default();
  json::object claims = job_claims();
  claims["exp"] = kIssuedAt + 120;
  const std::string token = signed_token(claims);
  clock.set(Time(std::chrono::seconds(kIssuedAt + 119)));
  EXPECT_EQ(outcome(token), "granted");
  // Expired, but a slow clock is forgiven for half a minute; the mark has to last as long.
  clock.set(Time(std::chrono::seconds(kIssuedAt + 149)));
  const auto tidied = write([&](db::Session& session) -> Result<void> {
    forget_expired(session, clock.now());
    return {};
  });
  ASSERT_TRUE(tidied);
  EXPECT_EQ(outcome(token), "replayed");
}

TEST_F(ExchangeTest, MarksGoOnlyWhenTheTokenIsLongPastUse) {
  add_default();
  EXPECT_EQ(outcome(signed_token(job_claims())), "granted");
  const auto forget = [&] {
    (void)write([&](db::Session& session) -> Result<void> {
      forget_expired(session, clock.now());
      return {};
    });
    return count("SELECT COUNT(*) FROM used_identity_token");
  };
  clock.set(Time(std::chrono::seconds(kIssuedAt + 3600)) + kReplayMargin);
  EXPECT_EQ(forget(), 1);
  clock.advance(1ms);
  EXPECT_EQ(forget(), 0);
}

// A clock that runs far ahead for a while: what was tidied away then must not be missed when the
// clock is right again.
TEST_F(ExchangeTest, WhatWasForgottenIsNeverExchangedAgain) {
  add_default();
  const std::string token = signed_token(job_claims());
  json::object unused = job_claims();  // issued with it, and never seen here
  unused["jti"] = "unused";
  json::object later = job_claims();
  later["jti"] = "later";
  later["exp"] = kIssuedAt + 3601;
  ASSERT_EQ(outcome(token), "granted");
  const Time now = clock.now();
  for (const Milliseconds ahead : {Milliseconds(3h), Milliseconds(24h * 400)}) {
    clock.set(now + ahead);
    (void)write([&](db::Session& session) -> Result<void> {
      forget_expired(session, clock.now());
      return {};
    });
    ASSERT_EQ(count("SELECT COUNT(*) FROM used_identity_token"), 0);
    clock.set(now);
    EXPECT_EQ(outcome(token), "clock_set_back");
    EXPECT_EQ(outcome(signed_token(unused)), "clock_set_back");  // nobody can say any more
  }
  EXPECT_EQ(outcome(signed_token(later)), "granted");
  EXPECT_EQ(outcome(signed_token(later)), "replayed");
}

// The server's own issuer goes by the same clock: what it issued while the clock was ahead is no
// reason to refuse what it issues now.
TEST_F(ExchangeTest, AClockThatWasAheadOnceLeavesTheTokensOfNowAlone) {
  add_default();
  json::object ahead = job_claims();
  ahead["iat"] = kIssuedAt + 400 * 86400;
  ahead["exp"] = kIssuedAt + 400 * 86400 + 3600;
  const Time now = clock.now();
  clock.set(now + 400 * 24h);
  ASSERT_EQ(outcome(signed_token(ahead)), "granted");
  clock.advance(3h);
  (void)write([&](db::Session& session) -> Result<void> {
    forget_expired(session, clock.now());
    return {};
  });
  ASSERT_EQ(count("SELECT COUNT(*) FROM used_identity_token"), 0);
  clock.set(now);
  EXPECT_EQ(outcome(signed_token(job_claims())), "granted");
}

TEST_F(ExchangeTest, OfManyAtOnceExactlyOneWins) {
  add_default();
  const std::string token = signed_token(job_claims());
  std::latch start(8);
  std::atomic<int> granted = 0, replayed = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        const std::string got = outcome(token);
        ++(got == "granted" ? granted : replayed);
        EXPECT_TRUE(got == "granted" || got == "replayed") << got;
      });
    }
  }
  EXPECT_EQ(granted, 1);
  EXPECT_EQ(replayed, 7);
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 1);
  EXPECT_TRUE(audit::verify(*database).value().intact());
}

TEST_F(ExchangeTest, AReplayAfterARestartIsSeen) {
  add_default();
  const std::string token = signed_token(job_claims());
  EXPECT_EQ(outcome(token), "granted");
  open();
  wire();
  EXPECT_EQ(outcome(token), "replayed");
}

// The store.

TEST_F(ExchangeTest, AStoppedStoreGivesNoToken) {
  add_default();
  const std::string token = signed_token(job_claims());
  database->stop();
  EXPECT_EQ(outcome(token), "store_stopping");
  open();
  wire();
  EXPECT_EQ(outcome(token), "granted");
}

TEST_F(ExchangeTest, AStoreThatStopsBetweenVerifyingAndMintingGivesNoToken) {
  add_default();
  InterruptingClock hook(clock);
  wire(&hook);
  hook.then([&] { database->stop(); });
  EXPECT_EQ(outcome(signed_token(job_claims())), "store_stopping");
  open();
  EXPECT_EQ(count("SELECT COUNT(*) FROM used_identity_token"), 0);
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 0);
}

struct Broken {
  const char* name;
  const char* table;
};

class BrokenStore : public ExchangeTest, public testing::WithParamInterface<Broken> {};

TEST_P(BrokenStore, GivesNoTokenAndKeepsNothingOfTheTry) {
  add_default();
  const auto dropped = write([&](db::Session& session) -> Result<void> {
    session.run(std::string("DROP TABLE ") + GetParam().table);
    return {};
  });
  ASSERT_TRUE(dropped);
  EXPECT_EQ(outcome(signed_token(job_claims())), "store_broken");
  for (const std::string table : {"publish_token", "used_identity_token", "publish_attempt"}) {
    if (table != GetParam().table) {
      EXPECT_EQ(count("SELECT COUNT(*) FROM " + table +
                      (table == "publish_attempt" ? " WHERE outcome = 'granted'" : "")),
                0)
          << table;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Each, BrokenStore,
                         testing::Values(Broken{"Tokens", "publish_token"},
                                         Broken{"Marks", "used_identity_token"},
                                         Broken{"Attempts", "publish_attempt"},
                                         Broken{"Audit", "audit_records"},
                                         Broken{"Publishers", "trusted_publisher"}),
                         [](const auto& info) { return std::string(info.param.name); });

// What changes between verifying and minting.

TEST_F(ExchangeTest, APublisherRemovedMeanwhileGivesNoToken) {
  const TrustedPublisher publisher = add_default();
  InterruptingClock hook(clock);
  wire(&hook);
  hook.then([&] { remove(publisher); });
  const std::string token = signed_token(job_claims());
  EXPECT_EQ(outcome(token), "publisher_removed");
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 0);
  EXPECT_EQ(attempts().front().outcome, "publisher_removed");
  // The token was not used up by that: its pipeline may be trusted again.
  add_default();
  EXPECT_EQ(outcome(token), "granted");
}

TEST_F(ExchangeTest, APublisherMadeAnewMeanwhileIsAnotherOne) {
  const TrustedPublisher publisher = add_default();
  InterruptingClock hook(clock);
  wire(&hook);
  hook.then([&] {
    remove(publisher);
    add(package.id, publisher_claims(), {false, true, false});
  });
  EXPECT_EQ(outcome(signed_token(job_claims())), "publisher_removed");
}

TEST_F(ExchangeTest, APublisherChangedMeanwhileGivesWhatItAllowsNow) {
  const TrustedPublisher publisher = add_default();
  InterruptingClock hook(clock);
  wire(&hook);
  const auto change_to = [&](Permissions permissions, PublisherTimes times) {
    hook.then([this, &publisher, permissions, times] {
      (void)write([&](db::Session& session) -> Result<void> {
        change_publisher(session, publisher_by_id(session, publisher.id).value(),
                         {publisher.claims, permissions, publisher.issuer_id}, clock.now(), times);
        return {};
      });
    });
  };
  change_to({false, true, false}, {});
  const auto minted = exchange(signed_token(job_claims()));
  ASSERT_TRUE(minted) << minted.error().message;
  EXPECT_FALSE(minted->token.permissions.create_package);
  EXPECT_TRUE(minted->token.permissions.create_staged_package);
  // One that may do more from now on cools down first.
  change_to({true, true, false},
            {.ends_at = {}, .usable_from = clock.now() + std::chrono::hours(1)});
  EXPECT_EQ(outcome(signed_token(job_claims())), "publisher_cooling_down");
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token WHERE revoked_at IS NULL"), 0);
}

TEST_F(ExchangeTest, APackageThatGoesToAnotherOrganizationMeanwhileGivesItsScopesPublisherNoToken) {
  write([&](db::Session& session) -> Result<void> {
    session.run("UPDATE package SET owner = 'org-1' WHERE id = :p1", {package.id});
    return {};
  });
  add(scope_place("org-1"), publisher_claims());
  InterruptingClock hook(clock);
  wire(&hook);
  hook.then([&] {
    (void)write([&](db::Session& session) -> Result<void> {
      session.run("UPDATE package SET owner = 'org-2' WHERE id = :p1", {package.id});
      return {};
    });
  });
  EXPECT_EQ(outcome(signed_token(job_claims())), "publisher_removed");
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 0);
}

// The name is closed for a day; what the token may do is asked when it is used.
TEST_F(ExchangeTest, APackageUnpublishedMeanwhileIsStillItsPublishers) {
  add_default();
  InterruptingClock hook(clock);
  wire(&hook);
  hook.then([&] {
    (void)write([&](db::Session& session) -> Result<void> {
      registry::write_unpublished(session, package, clock.now());
      return {};
    });
  });
  const auto minted = exchange(signed_token(job_claims()));
  ASSERT_TRUE(minted) << minted.error().message;
  EXPECT_EQ(minted->token.package_name, package.name);
}

TEST_F(ExchangeTest, APublisherRemovedWhileKeysAreFetchedGivesNoToken) {
  const TrustedPublisher publisher = add_default();
  std::atomic<bool> removed = false;
  remote.answer([&](const http::Fetch& request) {
    if (!removed.exchange(true)) remove(publisher);
    return remote.healthy(request);
  });
  EXPECT_EQ(outcome(signed_token(job_claims())), "no_matching_publisher");
}

TEST_F(ExchangeTest, APublisherOfAnotherPackageOfTheScopeIsNone) {
  add(add_package("@acme/gadget").id, publisher_claims());
  EXPECT_EQ(outcome(signed_token(job_claims())), "no_matching_publisher");
  EXPECT_EQ(outcome(signed_token(job_claims()), "@acme/gadget"), "granted");
}

TEST_F(ExchangeTest, NamesAreExact) {
  add_default();
  for (const char* name : {"@acme/Widget", "@ACME/widget", "acme/widget", "widget",
                           "@acme%2fwidget", "@acme/widget.", "@acme/widget ", ""}) {
    EXPECT_EQ(outcome(signed_token(job_claims()), name), "no_matching_publisher") << name;
  }
}

TEST_F(ExchangeTest, APublishTokenIsNoIdentityToken) {
  add_default();
  const auto minted = exchange(signed_token(job_claims()));
  EXPECT_EQ(outcome(minted->text), "malformed");
}

}  // namespace
}  // namespace imp::trust::test
