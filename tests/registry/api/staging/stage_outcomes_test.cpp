#include <array>
#include <latch>
#include <thread>

#include "accounts/totp.h"
#include "base/uuid.h"
#include "registry/api/registry_fixture.h"
#include "registry/api/staging/stage_expiry.h"
#include "registry/staging/stage_outcome.h"

namespace imp::registry::test {
namespace {

/// @acme/lib, which alice governs and bob may publish; a pipeline elsewhere may stage it.
class StageOutcomesTest : public RegistryTest {
 protected:
  StageOutcomesTest() {
    acme = add_organization("acme", alice);
    set_member(acme, bob, accounts::Role::member);
    EXPECT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
    trust_job("@acme/lib", {true, true, false});
  }

  std::string staged(const std::string& token, std::string_view version = "1.1.0") {
    const Answer answer = stage(token, "@acme/lib", version);
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.text("stageId");
  }
  Answer decide(Method method, const std::string& id, const User& user, std::string body) {
    return ask({.method = method,
                .target = "/-/stage/" + id + (method == Method::post ? "/approve" : ""),
                .token = user.token,
                .otp = otp(user),
                .body = std::move(body)});
  }
  Answer withdraw(const std::string& id, const std::string& token) {
    return ask({.method = Method::post, .target = "/-/stage/" + id + "/withdraw", .token = token});
  }
  /// A publish token for a job of the run with this number.
  std::string token_of_run(char number) {
    const std::string run = R"("77777777-7777-4777-8777-77777777777)" + std::string(1, number);
    const Answer answer =
        exchange(identity_token("oidc.circleci.com/workflow-id", run + '"'), "@acme/lib");
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.text("token");
  }
  Answer view(const std::string& id, const User& user) { return get("/-/stage/" + id, user.token); }
  json::value tags() { return get("/@acme%2flib").document().at("dist-tags"); }

  User alice = add_user("alice", true), bob = add_user("bob", true), mallory = add_user("mallory");
  accounts::Organization acme;
};

TEST_F(StageOutcomesTest, ARejectionSaysWhy) {
  const std::string id = staged(publish_token("@acme/lib"));
  EXPECT_EQ(
      decide(Method::del, id, bob, R"({"reason": "It breaks the build.\nSee the log."})").status,
      204);
  const json::value item = view(id, alice).document();
  EXPECT_EQ(item.at("status"), json::value("rejected"));
  EXPECT_EQ(item.at("reason"), json::value("It breaks the build.\nSee the log."));
  EXPECT_EQ(item.at("decidedBy"), json::value("bob"));
  for (const auto& member : item.as_object()) {
    EXPECT_FALSE(member.value().is_structured()) << member.key();  // npm prints them as they are
  }
  EXPECT_EQ(view(id, mallory).outcome(), "404 stage_not_found");
  EXPECT_FALSE(view(id, mallory).body.contains("rejected by"));
  const Answer late = decide(Method::post, id, alice, "");
  EXPECT_EQ(late.outcome(), "404 stage_not_found");
  EXPECT_TRUE(late.text("message").contains("was rejected by bob at "));
  EXPECT_EQ(audit_detail("stage.reject").at("reason"),
            json::value("It breaks the build.\nSee the log."));
}

TEST_F(StageOutcomesTest, ALimitedTokenLearnsOfWhatItReaches) {
  const std::string id = staged(publish_token("@acme/lib"));
  ASSERT_EQ(decide(Method::del, id, bob, "").status, 204);
  accounts::NewToken limited;
  limited.reach.packages = {"@alice/other"};
  const Answer answer = get("/-/stage/" + id, granular_token(alice, limited));
  EXPECT_EQ(answer.outcome(), "404 stage_not_found");
  EXPECT_FALSE(answer.body.contains("rejected by"));
}

TEST_F(StageOutcomesTest, OddBodiesAreRefusedBeforeACodeIsUsed) {
  const std::string id = staged(publish_token("@acme/lib"));
  const std::string long_reason(kLongestReason + 1, 'x');
  const std::array<std::pair<Method, std::string>, 10> bodies = {{
      {Method::del, "no"},
      {Method::del, "[]"},
      {Method::del, R"({"reason": 1})"},
      {Method::del, R"({"tag": "next"})"},
      {Method::del, R"({"reason": "\u001b[2J"})"},
      {Method::del, R"({"reason": ")" + long_reason + R"("})"},
      {Method::post, R"({"reason": "x"})"},
      {Method::post, R"({"tag": null})"},
      {Method::post, R"({"tag": "1.x"})"},
      {Method::post, R"({"tag": "a b"})"},
  }};
  for (const auto& [method, body] : bodies) {
    const Answer answer =
        ask({.method = method,
             .target = "/-/stage/" + id + (method == Method::post ? "/approve" : ""),
             .token = alice.token,
             .body = body});
    EXPECT_EQ(answer.status, 400) << body << answer.body;
  }
  EXPECT_EQ(view(id, alice).text("status"), "pending");
  EXPECT_TRUE(counted(R"(registry_refusals_total{action="stage.reject",code="invalid_decision"})"));
  EXPECT_TRUE(
      counted(R"(registry_refusals_total{action="stage.approve",code="invalid_decision"})"));
}

TEST_F(StageOutcomesTest, TheApproverChoosesTheTag) {
  const std::string id = staged(bob.token);
  const Answer answer = decide(Method::post, id, alice, R"({"tag": "next"})");
  EXPECT_EQ(answer.outcome(), "201 ok");
  EXPECT_EQ(answer.text("tag"), "next");
  EXPECT_EQ(tags(), (json::value{{"latest", "1.0.0"}, {"next", "1.1.0"}}));
  EXPECT_EQ(audit_detail("stage.approve").at("tag"), json::value("next"));
  EXPECT_EQ(view(id, alice).text("tag"), "next");
  const std::string other = staged(bob.token, "1.2.0");
  ASSERT_EQ(decide(Method::post, other, alice, "").status, 201);
  EXPECT_EQ(tags().at("latest"), json::value("1.2.0"));
}

TEST_F(StageOutcomesTest, AnApprovalForAnotherTagIsSeenAndDoesNotCount) {
  ASSERT_EQ(ask({.method = Method::put,
                 .target = "/-/package/@acme%2flib/stage-policy",
                 .token = alice.token,
                 .otp = otp(alice),
                 .body = R"({"approvals": 2})"})
                .status,
            200);
  const std::string id = staged(publish_token("@acme/lib"));
  ASSERT_EQ(decide(Method::post, id, bob, R"({"tag": "next"})").status, 201);
  const json::value review = get("/-/stage/" + id + "/review", alice.token).document();
  EXPECT_TRUE(review.at("approvals").as_array().empty());
  EXPECT_EQ(review.at("notes").as_array().back(), json::value("bob approved it for the tag next."));
  EXPECT_EQ(decide(Method::post, id, alice, "").document().at("published"), json::value(false));
  EXPECT_EQ(decide(Method::post, id, alice, R"({"tag": "next"})").document().at("published"),
            json::value(true));
  EXPECT_EQ(tags().at("next"), json::value("1.1.0"));
}

TEST_F(StageOutcomesTest, WhoStagedItWithdrawsItWithoutACode) {
  const std::string id = staged(bob.token);
  const Answer answer = withdraw(id, bob.token);
  EXPECT_EQ(answer.outcome(), "200 ok");
  EXPECT_EQ(answer.text("status"), "withdrawn");
  EXPECT_EQ(view(id, alice).text("decidedBy"), "bob");
  EXPECT_EQ(withdraw(id, bob.token).outcome(), "404 stage_not_found");
  EXPECT_EQ(audited("stage.withdraw"), std::vector<std::string>{"stage.withdraw granted"});
  // The number is free again.
  EXPECT_EQ(publish(alice.token, "@acme/lib", "1.1.0", otp(alice)).outcome(), "201 ok");
}

// npm stage reject by the person behind it is a withdrawal, too.
TEST_F(StageOutcomesTest, RejectingOnesOwnIsWithdrawingIt) {
  const std::string id = staged(bob.token);
  EXPECT_EQ(decide(Method::del, id, bob, "").status, 204);
  EXPECT_EQ(view(id, bob).text("status"), "withdrawn");
}

TEST_F(StageOutcomesTest, NobodyElseWithdraws) {
  const std::string id = staged(bob.token);
  EXPECT_EQ(withdraw(id, alice.token).outcome(), "403 not_the_stager");
  EXPECT_EQ(withdraw(id, mallory.token).outcome(), "404 stage_not_found");
  EXPECT_EQ(withdraw(id, "").outcome(), "401 not_signed_in");
  EXPECT_EQ(withdraw(id, publish_token("@acme/lib")).outcome(), "403 publish_token_forbidden");
  EXPECT_EQ(withdraw("x", bob.token).outcome(), "400 invalid_stage_id");
  accounts::NewToken reading;
  reading.reach.packages = {"@acme/lib"};
  reading.reach.packages_permission = accounts::TokenPermission::read_only;
  EXPECT_EQ(withdraw(id, granular_token(bob, reading)).status, 403);
  // Who has lost the right finds nothing.
  set_member(acme, bob, std::nullopt);
  EXPECT_EQ(withdraw(id, bob.token).outcome(), "404 stage_not_found");
  EXPECT_EQ(view(id, alice).text("status"), "pending");
}

TEST_F(StageOutcomesTest, APublishTokenWithdrawsWhatItsOwnRunStaged) {
  const std::string first = token_of_run('1');
  const std::string id = staged(first);
  EXPECT_EQ(withdraw(id, token_of_run('2')).outcome(), "403 publish_token_forbidden");
  EXPECT_EQ(withdraw(id, publish_token("@acme/lib")).outcome(), "403 publish_token_forbidden");
  EXPECT_EQ(withdraw(new_uuid(), first).outcome(), "403 publish_token_forbidden");
  // It looks at nothing and decides nothing.
  EXPECT_EQ(get("/-/stage/" + id, first).outcome(), "403 publish_token_forbidden");
  EXPECT_EQ(ask({.method = Method::del, .target = "/-/stage/" + id, .token = first}).outcome(),
            "403 publish_token_forbidden");
  // Another job of the same run has another identity token.
  clock_.advance(Milliseconds(1));
  EXPECT_EQ(withdraw(id, token_of_run('1')).outcome(), "200 ok");
  EXPECT_EQ(view(id, alice).text("status"), "withdrawn");
  EXPECT_EQ(view(id, alice).text("decidedBy"), "CircleCI");
}

// Where the provider names no run, the identity token is what is known again.
TEST_F(StageOutcomesTest, WithoutARunTheSameTokenWithdraws) {
  const std::string token = publish_token("@acme/lib");
  const std::string id = staged(token);
  EXPECT_EQ(withdraw(id, publish_token("@acme/lib")).outcome(), "403 publish_token_forbidden");
  EXPECT_EQ(withdraw(id, token).outcome(), "200 ok");
}

TEST_F(StageOutcomesTest, ATokenOfARemovedPublisherWithdrawsNothing) {
  ASSERT_EQ(publish(alice.token, "@acme/other", "1.0.0", otp(alice)).status, 201);
  const std::string publisher = trust_job("@acme/other", {false, true, false});
  const std::string token = publish_token("@acme/other");
  const std::string id = stage(token, "@acme/other", "1.1.0").text("stageId");
  distrust("@acme/other", publisher);
  EXPECT_EQ(withdraw(id, token).outcome(), "401 publish_token_invalid");
  EXPECT_EQ(view(id, alice).text("status"), "pending");
}

TEST_F(StageOutcomesTest, HousekeepingForgetsWhatEndedLongAgo) {
  const std::string id = staged(bob.token);
  ASSERT_EQ(withdraw(id, bob.token).status, 200);
  clock_.advance(kOutcomeLife - Milliseconds(1));
  ASSERT_TRUE(expire_releases(*services_));
  EXPECT_EQ(count("SELECT COUNT(*) FROM stage_outcome"), 1);
  clock_.advance(Milliseconds(1));
  ASSERT_TRUE(expire_releases(*services_));
  EXPECT_EQ(count("SELECT COUNT(*) FROM stage_outcome"), 0);
}

// An approval, a rejection and a withdrawal at once: one is carried out, and kept as the outcome.
TEST_F(StageOutcomesTest, OfAnApprovalARejectionAndAWithdrawalOneWins) {
  for (int round = 1; round <= 8; ++round) {
    const std::string version = "2." + std::to_string(round) + ".0";
    const std::string id = staged(bob.token, version);
    clock_.advance(std::chrono::seconds(accounts::kTotpStepSeconds));
    const auto code = [&](const User& user) {
      return accounts::totp_code(user.secret, accounts::totp_step(clock_.now()));
    };
    const std::array<Ask, 3> asks = {
        Ask{.method = Method::post,
            .target = "/-/stage/" + id + "/approve",
            .token = alice.token,
            .otp = code(alice)},
        Ask{.method = Method::del,
            .target = "/-/stage/" + id,
            .token = bob.token,
            .otp = code(bob)},
        Ask{.method = Method::post, .target = "/-/stage/" + id + "/withdraw", .token = bob.token}};
    std::array<int, 3> statuses{};
    std::latch start(3);
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < asks.size(); ++i) {
        threads.emplace_back([&, i] {
          start.arrive_and_wait();
          statuses[i] = ask(asks[i]).status;
        });
      }
    }
    EXPECT_EQ(std::ranges::count(statuses, 404), 2) << statuses[0] << statuses[1] << statuses[2];
    const std::string ended = view(id, alice).text("status");
    EXPECT_EQ(ended, statuses[0] == 201 ? "approved" : "withdrawn");
    EXPECT_EQ(get("/@acme%2flib").document().at("versions").as_object().contains(version),
              statuses[0] == 201);
  }
}

}  // namespace
}  // namespace imp::registry::test
