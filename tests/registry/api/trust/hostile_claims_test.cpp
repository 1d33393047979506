#include <array>
#include <latch>
#include <thread>

#include "registry/api/trust/identity_fixture.h"
#include "registry/brakes/freeze.h"
#include "registry/packages/version_store.h"

// Genuine signatures under claims that must not be believed: times, audiences, issuers, numbers,
// and what a CircleCI job says of itself. What happens besides the answer is checked where
// HostileToken's test is.

namespace imp::registry::test {
namespace {

using T = HostileToken;

std::string name_of(const testing::TestParamInfo<Hostile>& info) { return info.param.name; }

Hostile claim(const char* name, const char* claim, std::string json_text, const char* outcome) {
  return {name, [=](T& t) { return t.claiming(claim, json_text); }, outcome};
}
/// A time claim, in seconds from now.
Hostile time(const char* name, const char* claim, std::int64_t from_now, const char* outcome) {
  return {name, [=](T& t) { return t.claiming(claim, std::to_string(t.second() + from_now)); },
          outcome};
}

INSTANTIATE_TEST_SUITE_P(
    Times, HostileToken,
    testing::Values(claim("NoExpiry", "exp", "", "401 missing_claim"),
                    claim("NoIssueTime", "iat", "", "401 missing_claim"),
                    claim("ExpiryWithFraction", "exp", "1800000000.5", "401 claim_type"),
                    claim("ExpiryBelowZero", "exp", "-1", "401 claim_type"),
                    claim("ExpiryAsText", "exp", "\"1800000000\"", "401 claim_type"),
                    claim("ExpiryAtTwoToThe63", "exp", "9223372036854775808", "401 claim_type"),
                    time("ExpiresBeforeItIsIssued", "exp", -1, "401 claim_type"),
                    Hostile{"ExpiredAtTheEndOfTheLeeway",
                            [](T& t) {
                              json::object claims = t.fresh();
                              claims["iat"] = t.second() - 60;
                              claims["exp"] = t.second() - 30;
                              return T::paid(json::serialize(claims));
                            },
                            "401 expired"},
                    time("NotYetValid", "nbf", 31, "401 not_yet_valid"),
                    time("IssuedInTheFuture", "iat", 31, "401 issued_in_future"),
                    time("LivesTooLong", "exp", 7201, "401 lifetime_too_long"),
                    Hostile{"OlderThanFiveMinutes",
                            [](T& t) {
                              json::object claims = t.fresh();
                              claims["iat"] = t.second() - 331;
                              return T::paid(json::serialize(claims));
                            },
                            "401 too_old"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Audience, HostileToken,
    testing::Values(
        claim("Absent", "aud", "", "401 missing_claim"),
        claim("Null", "aud", "null", "401 claim_type"),
        claim("OursAmongOthers", "aud", R"(["npm:registry.example","https://x.example"])",
              "401 claim_type"),
        claim("OthersAlone", "aud", R"(["https://x.example"])", "401 audience_mismatch"),
        claim("InCapitals", "aud", "\"NPM:registry.example\"", "401 audience_mismatch"),
        claim("OtherPort", "aud", "\"npm:registry.example:443\"", "401 audience_mismatch"),
        claim("TrailingSlash", "aud", "\"npm:registry.example/\"", "401 audience_mismatch")),
    name_of);

Hostile issuer(const char* name, std::string iss) {
  return claim(name, "iss", json::serialize(json::value(iss)), "401 unknown_issuer");
}
const std::string kOrg = "/org/" + trust::test::kOrganization;

INSTANTIATE_TEST_SUITE_P(
    Issuer, HostileToken,
    testing::Values(
        claim("Absent", "iss", "", "401 missing_claim"),
        claim("InAList", "iss", R"(["https://ci.example"])", "401 claim_type"),
        issuer("TrailingSlash", "https://ci.example" + kOrg + "/"),
        issuer("PlainHttp", "http://ci.example" + kOrg),
        issuer("HostInCapitals", "https://CI.example" + kOrg),
        issuer("UserInformation", "https://x@ci.example" + kOrg),
        issuer("HostAsUser", "https://ci.example@evil.example" + kOrg),
        issuer("Port", "https://ci.example:443" + kOrg),
        issuer("PercentEncoding", "https://ci.example%2forg%2f" + trust::test::kOrganization),
        issuer("Punycode", "https://xn--ci-xyz.example" + kOrg),
        issuer("Climbs", "https://ci.example/org/x/.." + kOrg.substr(4)),
        claim("OrganizationThatNobodyTrusts", "iss",
              "\"https://ci.example/org/" + trust::test::kOther + "\"",
              "404 no_matching_publisher"),
        claim("OwnIssuerThatNobodyTrusts", "iss", "\"https://registry.example/oidc" + kOrg + "\"",
              "404 no_matching_publisher")),
    name_of);

INSTANTIATE_TEST_SUITE_P(Number, HostileToken,
                         testing::Values(claim("Empty", "jti", "\"\"", "401 claim_type"),
                                         claim("InAList", "jti", "[\"a\"]", "401 claim_type"),
                                         claim("Null", "jti", "null", "401 claim_type"),
                                         claim("Huge", "jti", "\"" + std::string(257, 'j') + "\"",
                                               "401 claim_type")),
                         name_of);

Hostile job(const char* name, const char* suffix, std::string json_text, const char* outcome) {
  return {name, [=](T& t) { return t.circleci(suffix, json_text); }, outcome};
}
Hostile origin(const char* name, const char* origin) {
  return job(name, "vcs-origin", json::serialize(json::value(origin)), "403 claim_mismatch");
}
const std::string kOtherId = json::serialize(json::value(trust::test::kOther));

INSTANTIATE_TEST_SUITE_P(
    CircleCi, HostileToken,
    testing::Values(job("RerunWithSsh", "ssh-rerun", "true", "403 ssh_rerun"),
                    job("RerunIsTrueAsText", "ssh-rerun", "\"true\"", "403 claim_missing"),
                    job("RerunIsFalseAsText", "ssh-rerun", "\"false\"", "403 claim_missing"),
                    job("RerunAbsent", "ssh-rerun", "", "403 claim_missing"),
                    job("OtherTenant", "org-id", kOtherId, "403 tenant_mismatch"),
                    job("OtherProject", "project-id", kOtherId, "404 no_matching_publisher"),
                    job("OtherDefinition", "pipeline-definition-id", kOtherId,
                        "403 claim_mismatch"),
                    job("NoDefinition", "pipeline-definition-id", "", "403 claim_missing"),
                    job("OtherContexts", "context-ids", "[" + kOtherId + "]", "403 claim_mismatch"),
                    job("NoContexts", "context-ids", "[]", "403 claim_mismatch"),
                    job("ContextsAbsent", "context-ids", "", "403 claim_missing"),
                    job("ContextsAsText", "context-ids", "\"" + trust::test::kContextA + "\"",
                        "403 claim_missing"),
                    job("OriginAbsentAsFromACustomWebhook", "vcs-origin", "", "403 claim_missing"),
                    origin("OriginOfAFork", "github.com/mallory/widgets"),
                    origin("OriginWithScheme", "https://github.com/acme/widgets"),
                    origin("OriginWithGitSuffix", "github.com/acme/widgets.git"),
                    origin("OriginInOtherCase", "github.com/Acme/widgets"),
                    origin("OriginWithHomoglyph",
                           "github.com/\xd0\xb0"
                           "cme/widgets"),
                    origin("OriginWithCombiningAccent", "github.com/acm\x65\xcc\x81/widgets")),
    name_of);

class Exchanged : public IdentityTest {
 protected:
  std::string claiming(std::string_view name, std::string_view json_text) {
    return exchanged(paid(json::serialize(with(name, json_text))));
  }
  std::string job(std::string_view suffix, std::string_view json_text) {
    return claiming(trust::test::claim(suffix), json_text);
  }
};

TEST_F(Exchanged, IsWhatIsInOrderThoughUnusual) {
  EXPECT_EQ(claiming("aud", R"(["npm:registry.example"])"), "201 ok");
  EXPECT_EQ(claiming("iss", "\"https://ci.example\""), "201 ok");  // the root issuer
  EXPECT_EQ(claiming("exp", std::to_string(second() + 7200)), "201 ok");
  EXPECT_EQ(claiming("iat", std::to_string(second() + 30)), "201 ok");
  EXPECT_EQ(claiming("nbf", std::to_string(second() + 30)), "201 ok");
  EXPECT_EQ(claiming("jti", ""), "201 ok");
  EXPECT_EQ(claiming("jti", "\"" + std::string(256, 'j') + "\""), "201 ok");
  EXPECT_EQ(job("context-ids", "[" + kOtherId + ",\"" + trust::test::kContextA + "\"]"), "201 ok");
  EXPECT_EQ(job("vcs-ref", ""), "201 ok");
  json::object old = fresh();
  old["iat"] = second() - 330;
  EXPECT_EQ(exchanged(paid(json::serialize(old))), "201 ok");
}

TEST_F(Exchanged, IsEachTokenOnce) {
  const std::string token = good();
  EXPECT_EQ(exchanged(token), "201 ok");
  EXPECT_EQ(exchanged(token), "401 replayed");
  json::object claims = fresh();
  const std::string one = paid(json::serialize(claims));
  claims["iss"] = "https://ci.example";
  EXPECT_EQ(exchanged(one), "201 ok");
  EXPECT_EQ(exchanged(paid(json::serialize(claims))), "201 ok");  // another issuer's number
  claims.erase("jti");
  const std::string unnumbered = paid(json::serialize(claims));
  EXPECT_EQ(exchanged(unnumbered), "201 ok");
  EXPECT_EQ(exchanged(unnumbered), "401 replayed");
}

TEST_F(Exchanged, IsATokenOnceInItsLeewayToo) {
  json::object claims = fresh();
  claims["exp"] = second() + 60;
  const std::string token = paid(json::serialize(claims));
  clock_.advance(std::chrono::seconds(59));
  EXPECT_EQ(exchanged(token), "201 ok");
  clock_.advance(std::chrono::seconds(30));
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    trust::forget_expired(session, clock_.now());
    return {};
  }));
  EXPECT_EQ(exchanged(token), "401 replayed");
}

// Servers' clocks are set back, too: a mark that was tidied away too early would let a token pass
// that is young again.
TEST_F(Exchanged, IsATokenOnceThoughTheClockGoesBack) {
  const auto tidied = [this] {
    return write([&](db::Session& session) -> Result<void> {
      trust::forget_expired(session, clock_.now());
      return {};
    });
  };
  const Time start = clock_.now();
  const std::string token = good();
  ASSERT_EQ(exchanged(token), "201 ok");
  clock_.set(start - std::chrono::minutes(10));
  EXPECT_EQ(exchanged(token), "401 issued_in_future");
  const std::string earlier = good();
  EXPECT_EQ(exchanged(earlier), "201 ok");        // the keys are fetched anew
  clock_.set(start + std::chrono::minutes(109));  // nearly an hour after the earlier one expired
  ASSERT_TRUE(tidied());
  clock_.set(start);
  EXPECT_EQ(exchanged(token), "401 replayed");
  clock_.set(start - std::chrono::minutes(10));
  ASSERT_TRUE(tidied());
  EXPECT_EQ(exchanged(earlier), "401 replayed");
  EXPECT_EQ(exchanged(good()), "201 ok");
}

TEST_F(Exchanged, IsNothingOnceThePublisherIsGone) {
  const std::string token = good();
  distrust("@alice/lib", publisher);
  EXPECT_EQ(exchanged(token), "404 no_matching_publisher");
  trust(trust::test::publisher_claims());
  EXPECT_EQ(exchanged(token), "201 ok");
}

TEST_F(Exchanged, IsNothingWhenThePublisherGoesWhileKeysAreFetched) {
  remote_.answer([this](const http::Fetch& request) {
    if (request.url.contains("jwks")) distrust("@alice/lib", publisher);
    return remote_.healthy(request);
  });
  EXPECT_EQ(exchanged(good()), "404 no_matching_publisher");
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 0);
}

TEST_F(Exchanged, IsNothingWhenThePublisherGoesBetweenVerifyingAndMinting) {
  const std::string token = good();
  exchange_clock_.then([this] { distrust("@alice/lib", publisher); });
  EXPECT_EQ(exchanged(token), "403 publisher_removed");
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 0);
  EXPECT_EQ(count("SELECT COUNT(*) FROM used_identity_token"), 0);
  trust(trust::test::publisher_claims());
  EXPECT_EQ(exchanged(token), "201 ok");  // it was not used up
}

TEST_F(Exchanged, IsNothingWhenThePublisherIsMadeAnewBetweenVerifyingAndMinting) {
  exchange_clock_.then([this] {
    distrust("@alice/lib", publisher);
    trust(trust::test::publisher_claims());
  });
  EXPECT_EQ(exchanged(good()), "403 publisher_removed");
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 0);
}

TEST_F(Exchanged, IsWhatThePublisherAllowsWhenItMints) {
  exchange_clock_.then([this] {
    ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
      const auto now = trust::publisher_by_id(session, publisher).value();
      trust::change_publisher(session, now, {now.claims, {false, true, false}, now.issuer_id},
                              clock_.now(), {});
      return {};
    }));
  });
  const Answer answer = exchange(good(), "@alice/lib");
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(publish(answer.text("token"), "@alice/lib", "2.0.0").outcome(),
            "403 permission_not_granted");
  EXPECT_EQ(stage(answer.text("token"), "@alice/lib", "2.0.0").status, 201);
}

TEST_F(Exchanged, IsNothingWhenThePackageIsFrozenBetweenVerifyingAndMinting) {
  exchange_clock_.then([this] {
    ASSERT_TRUE(write([&](db::Session& session) {
      return add_freeze(session, FreezeTarget::package("@alice/lib").value(), "A reason.", "root",
                        clock_.now());
    }));
  });
  EXPECT_EQ(exchanged(good()), "403 frozen");
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 0);
}

// The name stays its owners' for a day, and a token of that time opens nothing.
TEST_F(Exchanged, PublishesNothingWhenThePackageIsUnpublishedBetweenVerifyingAndMinting) {
  exchange_clock_.then([this] {
    ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
      auto package = *find_package(session, "@alice/lib");
      burn_version(session, package.id, "1.0.0");
      write_unpublished(session, package, clock_.now());
      return {};
    }));
  });
  const Answer answer = exchange(good(), "@alice/lib");
  ASSERT_EQ(answer.status, 201) << answer.body;
  const std::string token = answer.text("token");
  EXPECT_EQ(publish(token, "@alice/lib", "2.0.0").outcome(), "403 package_recently_unpublished");
  EXPECT_EQ(stage(token, "@alice/lib", "2.0.0").outcome(), "403 package_recently_unpublished");
  EXPECT_EQ(count("SELECT COUNT(*) FROM staged_release"), 0);
}

// Owners come and go; what a pipeline may do is its publisher's, which the new owners see and can
// remove.
// The package's own, while somebody stays who had it before; a transfer is in departures_test.cpp.
TEST_F(Exchanged, IsStillAPublishersWhenItsMakerOwnsThePackageNoLonger) {
  const User bob = add_user("bob");
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    write_maintainers(session, find_package(session, "@alice/lib")->id, {{"bob", "bob@x.test"}});
    return {};
  }));
  EXPECT_EQ(publish(alice.token, "@alice/lib", "1.1.0").status, 403);
  EXPECT_EQ(exchanged(good()), "201 ok");
}

TEST_F(Exchanged, IsNothingForAnotherPackageOfTheScope) {
  ASSERT_EQ(publish(alice.token, "@alice/other", "1.0.0").status, 201);
  EXPECT_EQ(exchange(good(), "@alice/other").outcome(), "404 no_matching_publisher");
}

// Two issuers of one kind, whose tokens say the same, each trusted by somebody.
TEST_F(Exchanged, IsNothingByAPublisherOfAnotherIssuer) {
  trust_curves();
  ASSERT_EQ(publish(alice.token, "@alice/curves", "1.0.0").status, 201);
  ASSERT_TRUE(write([&](db::Session& session) {
    const auto claims =
        trust::test::required(trust::test::publisher_claims({trust::test::kContextA})).value();
    return trust::add_publisher(session, find_package(session, "@alice/curves")->id,
                                {claims, {true, true, false}, "curves"}, "alice", clock_.now());
  }));
  EXPECT_EQ(exchange(good(), "@alice/curves").outcome(), "404 no_matching_publisher");
  EXPECT_EQ(exchange(paid(json::serialize(of_curves())), "@alice/curves").outcome(), "201 ok");
}

TEST_F(Exchanged, EndsWithTheSecondAnswerWhenOneTokenIsSentTwiceAtOnce) {
  ASSERT_EQ(exchanged(good()), "201 ok");  // the keys are there
  const std::string token = good();
  std::array<std::string, 6> outcomes;
  std::latch start(outcomes.size());
  {
    std::vector<std::jthread> threads;
    for (std::string& outcome : outcomes) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        outcome = exchanged(token);
      });
    }
  }
  EXPECT_EQ(std::ranges::count(outcomes, "201 ok"), 1);
  EXPECT_EQ(std::ranges::count(outcomes, "401 replayed"), 5);
}

}  // namespace
}  // namespace imp::registry::test
