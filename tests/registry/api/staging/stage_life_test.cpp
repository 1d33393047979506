#include "registry/staging/stage_life.h"

#include <gmock/gmock.h>

#include "registry/api/registry_fixture.h"
#include "registry/api/staging/stage_expiry.h"

namespace imp::registry::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// @acme/lib and @acme/other, which alice governs and bob may publish.
class StageLifeTest : public RegistryTest {
 protected:
  StageLifeTest() {
    acme = add_organization("acme", alice);
    set_member(acme, bob, accounts::Role::member);
    for (const char* name : {"@acme/lib", "@acme/other", "@alice/own"}) {
      EXPECT_EQ(publish(alice.token, name, "1.0.0", otp(alice)).status, 201);
    }
    services_->switch_cool_down = Milliseconds(0);
  }
  Answer put(const std::string& target, std::string body, std::string code) {
    return ask({.method = Method::put,
                .target = target,
                .token = alice.token,
                .otp = std::move(code),
                .body = std::move(body)});
  }
  void policy(std::string body) {
    const Answer answer = put(kPackage, std::move(body), otp(alice));
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  void scope(std::string body) {
    const Answer answer = put(kScope, std::move(body), otp(alice));
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  json::value shown(const std::string& target = kPackage) {
    return get(target, alice.token).document();
  }
  std::string staged(std::string_view version = "1.1.0", std::string_view name = "@acme/lib") {
    const Answer answer = stage(alice.token, name, version);
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.text("stageId");
  }
  /// When it is over, and how long it waits until then. Codes take time here.
  std::string end(const std::string& id) {
    return get("/-/stage/" + id, alice.token).text("expiresAt");
  }
  Milliseconds waits(const std::string& id) {
    const Answer item = get("/-/stage/" + id, alice.token);
    return parse_iso8601(item.text("expiresAt")).value() -
           parse_iso8601(item.text("createdAt")).value();
  }
  std::string in(Milliseconds time) { return iso8601(clock_.now() + time); }
  std::string approve(const std::string& id) {
    return ask({.method = Method::post,
                .target = "/-/stage/" + id + "/approve",
                .token = bob.token,
                .otp = otp(bob)})
        .outcome();
  }
  std::string status(const std::string& id) {
    EXPECT_TRUE(expire_releases(*services_));
    return get("/-/stage/" + id, alice.token).text("status");
  }

  inline static const std::string kPackage = "/-/package/@acme%2flib/stage-policy",
                                  kScope = "/-/org/acme/stage-policy";
  User alice = add_user("alice", true), bob = add_user("bob", true);
  accounts::Organization acme;
};

TEST_F(StageLifeTest, IsWhatThePolicySays) {
  EXPECT_EQ(shown().at("expiresAfter"), json::value("14d"));
  EXPECT_EQ(waits(staged("1.0.1")), kStageLife);
  policy(R"({"expiresAfter": "48h"})");
  EXPECT_EQ(shown().at("expiresAfter"), json::value("2d"));
  EXPECT_EQ(shown().at("text"), json::value("1 approval, within 2 days"));
  const std::string id = staged();
  EXPECT_EQ(end(id), in(48h));
  const Answer review = ask({.target = "/-/stage/" + id + "/review",
                             .token = alice.token,
                             .headers = {{"accept", "text/plain"}}});
  EXPECT_THAT(review.body, HasSubstr("expires " + time_text(in(48h))));
  EXPECT_THAT(review.body, HasSubstr("needs: 1 approval, within 2 days\n"));
  clock_.advance(48h - Milliseconds(1));
  EXPECT_EQ(status(id), "pending");
  clock_.advance(Milliseconds(1));
  EXPECT_EQ(approve(id), "404 stage_not_found");  // also before it is taken away
  EXPECT_EQ(status(id), "expired");
}

TEST_F(StageLifeTest, WhatIsNoneIsRefusedBeforeACodeIsUsed) {
  for (const char* body : {R"({"expiresAfter": 7})", R"({"expiresAfter": null})",
                           R"({"expiresAfter": "59m"})", R"({"expiresAfter": "91d"})"}) {
    const Answer answer = put(kPackage, body, "");
    EXPECT_EQ(answer.outcome(), "400 invalid_stage_policy") << body;
    EXPECT_THAT(answer.body, HasSubstr("from \\\"1h\\\" to \\\"90d\\\""));
  }
}

TEST_F(StageLifeTest, AShorterOneBindsWhatWaits) {
  const std::string old = staged("1.1.0");
  clock_.advance(72h);
  const std::string young = staged("1.2.0"), other = staged("1.1.0", "@acme/other");
  clock_.advance(1h);
  policy(R"({"expiresAfter": "2d"})");
  EXPECT_EQ(waits(young), 48h);
  EXPECT_EQ(waits(other), kStageLife);
  EXPECT_EQ(approve(old), "404 stage_not_found");
  EXPECT_EQ(status(old), "expired");
  EXPECT_EQ(status(young), "pending");
  EXPECT_EQ(audited("stage.expire"), std::vector<std::string>{"stage.expire granted"});
}

// One account that governs must not keep alive what would soon be over.
TEST_F(StageLifeTest, WhatWaitsKeepsTheShortestSinceItWasStaged) {
  policy(R"({"expiresAfter": "3d"})");
  const std::string id = staged();
  const std::string first = end(id);
  clock_.advance(1h);
  policy(R"({"expiresAfter": "1d"})");
  const std::string shortest = end(id);
  EXPECT_EQ(waits(id), 24h);
  clock_.advance(1h);
  policy(R"({"expiresAfter": "60d"})");
  EXPECT_EQ(audit_detail("stage.policy").at("looser"), json::value(true));
  EXPECT_EQ(end(id), shortest);
  EXPECT_NE(first, shortest);
  EXPECT_EQ(waits(staged("1.2.0")), 60 * 24h);
  const json::value review = get("/-/stage/" + id + "/review", alice.token).document();
  EXPECT_EQ(review.at("policy").at("expiresAfter"), json::value("1d"));
  EXPECT_THAT(std::string(review.at("warnings").at(0).as_string()),
              HasSubstr("1 approval, within 1 day before, 1 approval, within 60 days now"));
}

TEST_F(StageLifeTest, IsNotMadeLongerByAClockThatWasSetBack) {
  policy(R"({"expiresAfter": "1d"})");
  const std::string id = staged();
  const std::string before = end(id);
  clock_.advance(-1h);
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    change_policy(session, find_package(session, "@acme/lib")->id, {.life = 60 * 24h}, "alice",
                  clock_.now());
    return {};
  }));
  EXPECT_EQ(end(id), before);
}

TEST_F(StageLifeTest, ALongerOneCoolsDown) {
  policy(R"({"expiresAfter": "2d"})");
  services_->switch_cool_down = 24h;
  policy(R"({"expiresAfter": "30d"})");
  EXPECT_EQ(shown().at("expiresAfter"), json::value("2d"));
  EXPECT_EQ(shown().at("next").at("expiresAfter"), json::value("30d"));
  EXPECT_EQ(shown().at("next").at("from"), json::value(in(24h)));
  const std::string id = staged();
  EXPECT_EQ(end(id), in(48h));
  clock_.advance(24h);
  EXPECT_EQ(shown().at("expiresAfter"), json::value("30d"));
  EXPECT_EQ(end(id), in(24h));
  clock_.advance(Milliseconds(1));
  EXPECT_EQ(waits(staged("1.2.0")), 30 * 24h);
}

// Looser in one respect and shorter: it comes whole, and ends nothing before it does.
TEST_F(StageLifeTest, AShorterOneThatIsToComeEndsNothingBefore) {
  policy(R"({"approvals": 2})");
  services_->switch_cool_down = 24h;
  const std::string old = staged();
  policy(R"({"approvals": 1, "expiresAfter": "1h"})");
  const std::string from(shown().at("next").at("from").as_string());
  EXPECT_EQ(end(old), from);
  clock_.set(parse_iso8601(from).value() - 30min);
  const std::string young = staged("1.2.0");
  EXPECT_EQ(waits(young), 1h);
  EXPECT_EQ(status(old), "pending");
  // Given up, it ends nothing at all.
  policy(R"({"approvals": 2})");
  EXPECT_EQ(waits(young), kStageLife);
  EXPECT_EQ(waits(old), kStageLife);
}

TEST_F(StageLifeTest, TheScopesBindsEveryPackageOfIt) {
  const std::string lib = staged(), other = staged("1.1.0", "@acme/other"),
                    own = staged("1.1.0", "@alice/own");
  scope(R"({"expiresAfter": "3d"})");
  EXPECT_EQ(waits(lib), 72h);
  EXPECT_EQ(waits(other), 72h);
  EXPECT_EQ(waits(own), kStageLife);
  EXPECT_EQ(shown().at("expiresAfter"), json::value("3d"));
  EXPECT_EQ(shown().at("organization"), json::value("1 approval, within 3 days"));
  const Answer longer = put(kPackage, R"({"expiresAfter": "4d"})", otp(alice));
  EXPECT_EQ(longer.outcome(), "400 invalid_stage_policy");
  EXPECT_THAT(longer.body, HasSubstr("which wants 1 approval, within 3 days."));
  policy(R"({"expiresAfter": "1d"})");
  EXPECT_EQ(waits(lib), 24h);
  EXPECT_EQ(waits(other), 72h);
  // The package's stays when the organisation's goes.
  scope(R"({"expiresAfter": "30d"})");
  clock_.advance(Milliseconds(1));
  EXPECT_EQ(waits(staged("1.2.0")), 24h);
  EXPECT_EQ(waits(staged("1.2.0", "@acme/other")), 30 * 24h);
}

// A package without a policy has the organisation's time, so less than that is no loosening.
TEST_F(StageLifeTest, APackageThatIsStricterThanItsScopeDoesNotWait) {
  scope(R"({"expiresAfter": "60d"})");
  EXPECT_EQ(shown().at("expiresAfter"), json::value("60d"));
  services_->switch_cool_down = 24h;
  policy(R"({"expiresAfter": "30d"})");
  EXPECT_EQ(audit_detail("stage.policy").at("looser"), json::value(false));
  EXPECT_EQ(shown().at("expiresAfter"), json::value("30d"));
  EXPECT_TRUE(shown().at("next").is_null());
  clock_.advance(Milliseconds(1));
  EXPECT_EQ(waits(staged()), 30 * 24h);
  // Where the organisation says nothing of the time, two weeks bind.
  scope(R"({"approvals": 2})");
  const Answer longer = put(kPackage, R"({"approvals": 2, "expiresAfter": "30d"})", otp(alice));
  EXPECT_EQ(longer.outcome(), "400 invalid_stage_policy");
  EXPECT_THAT(longer.body, HasSubstr("which wants 2 approvals, within 14 days."));
}

TEST_F(StageLifeTest, APackageKeepsTheTimeThatItAskedFor) {
  scope(R"({"expiresAfter": "30d"})");
  policy(R"({"expiresAfter": "30d"})");
  scope(R"({"expiresAfter": "60d"})");
  EXPECT_EQ(shown().at("expiresAfter"), json::value("30d"));
}

// Without an organisation's policy a package may wait longer than two weeks.
TEST_F(StageLifeTest, APackageMayWaitLongerWhereNobodySaysOtherwise) {
  policy(R"({"expiresAfter": "90d"})");
  clock_.advance(Milliseconds(1));
  EXPECT_EQ(waits(staged()), 90 * 24h);
}

// The organisation's binds packages whose own policy was made before there was one.
TEST_F(StageLifeTest, OfTwoPoliciesTheShorterHolds) {
  policy(R"({"expiresAfter": "30d"})");
  scope(R"({"expiresAfter": "20d"})");
  EXPECT_EQ(shown().at("expiresAfter"), json::value("20d"));
  clock_.advance(Milliseconds(1));
  EXPECT_EQ(waits(staged()), 20 * 24h);
}

}  // namespace
}  // namespace imp::registry::test
