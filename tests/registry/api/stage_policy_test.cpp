#include <array>
#include <latch>
#include <thread>

#include "accounts/totp.h"
#include "registry_fixture.h"

namespace imp::registry::test {
namespace {

/// @acme/lib, which alice governs and bob, carol and dave may publish.
class StagePolicyTest : public RegistryTest {
 protected:
  StagePolicyTest() {
    acme = add_organization("acme", alice);
    for (const User* user : {&bob, &carol, &dave}) set_member(acme, *user, accounts::Role::member);
    EXPECT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
  }

  Answer set(const User& user, std::string body, std::string code) {
    return ask({.method = Method::put,
                .target = "/-/package/@acme%2flib/stage-policy",
                .token = user.token,
                .otp = std::move(code),
                .body = std::move(body)});
  }
  void policy(std::string body) {
    const Answer answer = set(alice, std::move(body), otp(alice));
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  std::string staged(const User& user, std::string_view version = "1.1.0") {
    return stage(user.token, "@acme/lib", version).text("stageId");
  }
  Answer approve(const User& user, const std::string& id) {
    return ask({.method = Method::post,
                .target = "/-/stage/" + id + "/approve",
                .token = user.token,
                .otp = otp(user)});
  }
  bool live(const std::string& version = "1.1.0") {
    return get("/@acme%2flib").document().at("versions").as_object().contains(version);
  }
  json::value review(const std::string& id) {
    return get("/-/stage/" + id + "/review", alice.token).document();
  }

  User alice = add_user("alice", true), bob = add_user("bob", true),
       carol = add_user("carol", true), dave = add_user("dave", true);
  accounts::Organization acme;
};

TEST_F(StagePolicyTest, ApprovalsAreCountedOneByOne) {
  policy(R"({"approvals": 2})");
  const std::string id = staged(alice);
  const Answer first = approve(bob, id);
  EXPECT_EQ(first.outcome(), "201 ok");
  EXPECT_EQ(first.document().at("published"), json::value(false));
  EXPECT_TRUE(first.header("npm-notice").contains("not published yet: 1 of 2 approvals"));
  EXPECT_FALSE(live());
  // The same person twice is still one.
  EXPECT_EQ(approve(bob, id).outcome(), "409 approved_already");
  EXPECT_FALSE(live());
  EXPECT_EQ(review(id).at("approvals"), (json::value{"bob"}));
  const Answer second = approve(carol, id);
  EXPECT_EQ(second.document().at("published"), json::value(true));
  EXPECT_EQ(second.header("npm-notice"), "");
  EXPECT_TRUE(live());
  EXPECT_EQ(audited("stage.approve"),
            (std::vector<std::string>{"stage.approve granted", "stage.approve granted"}));
  EXPECT_EQ(audit_detail("stage.approve").at("approvers"), (json::value{"bob", "carol"}));
  EXPECT_EQ(count("SELECT COUNT(*) FROM stage_approval"), 0);
}

TEST_F(StagePolicyTest, APersonDoesNotApproveTheirOwn) {
  policy(R"({"differentPerson": true})");
  const std::string id = staged(bob);
  EXPECT_EQ(review(id).at("behind"), json::value("bob"));
  EXPECT_EQ(approve(bob, id).outcome(), "403 approver_is_stager");
  EXPECT_FALSE(live());
  EXPECT_EQ(approve(alice, id).outcome(), "201 ok");
  EXPECT_TRUE(live());
}

// CircleCI's users are not known here: the policy cannot tell, and the review says so.
TEST_F(StagePolicyTest, WhoStartedAPipelineElsewhereIsNotKnown) {
  policy(R"({"differentPerson": true})");
  trust_job("@acme/lib", {false, true, false});
  const std::string id = stage(publish_token("@acme/lib"), "@acme/lib", "1.1.0").text("stageId");
  EXPECT_TRUE(review(id).at("behind").is_null());
  EXPECT_TRUE(review(id).at("warnings").at(0).as_string().starts_with("Who started the run"));
  EXPECT_EQ(approve(bob, id).outcome(), "201 ok");
}

TEST_F(StagePolicyTest, ATeamMayBeNamed) {
  const accounts::Actor actor = accounts::Actor::system();
  const auto group = accounts_->groups.create(acme, "release", actor);
  ASSERT_TRUE(group) << group.error().message;
  ASSERT_TRUE(accounts_->groups.add(acme, *group, bob.person, actor));
  policy(R"({"group": "release"})");
  const std::string id = staged(alice);
  EXPECT_EQ(approve(carol, id).outcome(), "403 approver_not_in_group");
  EXPECT_FALSE(live());
  EXPECT_EQ(approve(bob, id).outcome(), "201 ok");
  // A team that is no more lets nobody approve.
  const std::string other = staged(alice, "1.2.0");
  ASSERT_TRUE(accounts_->groups.remove(acme, *group, actor));
  EXPECT_EQ(approve(bob, other).outcome(), "403 approver_not_in_group");
  EXPECT_TRUE(review(other).at("warnings").at(0).as_string().starts_with("The team"));
}

TEST_F(StagePolicyTest, WhoLostTheRightDoesNotCountAnyMore) {
  policy(R"({"approvals": 2})");
  const std::string id = staged(alice);
  ASSERT_EQ(approve(bob, id).status, 201);
  set_member(acme, bob, std::nullopt);
  const Answer second = approve(carol, id);
  EXPECT_EQ(second.document().at("published"), json::value(false));
  EXPECT_FALSE(live());
  EXPECT_EQ(approve(dave, id).document().at("published"), json::value(true));
}

TEST_F(StagePolicyTest, ItIsSetByThoseWhoGovernWithASecondFactor) {
  const std::string two = R"({"approvals": 2})";
  EXPECT_EQ(set(alice, two, "").outcome(), "401 second_factor_required");
  EXPECT_EQ(set(bob, two, otp(bob)).outcome(), "403 package_not_permitted");
  const User mallory = add_user("mallory", true);
  EXPECT_EQ(set(mallory, two, otp(mallory)).outcome(), "403 package_not_permitted");
  trust_job("@acme/lib", {true, true, true});
  User machine;
  machine.token = publish_token("@acme/lib");
  EXPECT_EQ(set(machine, two, "").outcome(), "403 publish_token_forbidden");
  const json::value now = get("/-/package/@acme%2flib/stage-policy", alice.token).document();
  EXPECT_EQ(now.at("approvals"), json::value(1));
  policy(two);
  EXPECT_EQ(audit_detail("stage.policy").at("looser"), json::value(false));
  policy(two);  // the same again is no change
  EXPECT_EQ(count("SELECT COUNT(*) FROM stage_policy_change"), 1);
}

TEST_F(StagePolicyTest, MalformedPoliciesAreRefusedBeforeACodeIsUsed) {
  for (const char* body : {"", "[]", R"({"approvals": "2"})", R"({"approvals": 1.5})",
                           R"({"differentPerson": 1})", R"({"group": 7})", R"({"quorum": 2})"}) {
    EXPECT_EQ(set(alice, body, "").outcome(), "400 invalid_stage_policy") << body;
  }
  for (const char* body :
       {R"({"approvals": 0})", R"({"approvals": 11})", R"({"group": "nobody"})"}) {
    EXPECT_EQ(set(alice, body, otp(alice)).outcome(), "400 invalid_stage_policy") << body;
  }
}

TEST_F(StagePolicyTest, LooseningItIsSeenInWhatWaits) {
  policy(R"({"approvals": 2, "differentPerson": true})");
  const std::string id = staged(bob);
  EXPECT_TRUE(review(id).at("warnings").as_array().empty());
  policy(R"({"approvals": 1})");
  EXPECT_EQ(audit_detail("stage.policy").at("looser"), json::value(true));
  const auto warnings = review(id).at("warnings").as_array();
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_TRUE(warnings[0].as_string().starts_with("alice loosened the policy at "));
  policy(R"({"approvals": 3})");  // tightening is no warning
  EXPECT_EQ(review(id).at("warnings").as_array().size(), 1u);
}

// Two approvals are needed and three people give them at once, while a fourth publishes directly.
TEST_F(StagePolicyTest, ApprovalsAtTheSameTimePublishOnce) {
  policy(R"({"approvals": 2})");
  for (int round = 1; round <= 5; ++round) {
    const std::string version = "2." + std::to_string(round) + ".0";
    const std::string id = staged(alice, version);
    const std::array<const User*, 4> users = {&alice, &bob, &carol, &dave};
    clock_.advance(std::chrono::seconds(accounts::kTotpStepSeconds));
    std::array<std::string, 4> codes;
    for (std::size_t i = 0; i < 4; ++i) {
      codes[i] = accounts::totp_code(users[i]->secret, accounts::totp_step(clock_.now()));
    }
    std::array<Answer, 4> answers;
    std::latch start(4);
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
          start.arrive_and_wait();
          answers[i] = i == 3 ? publish(users[i]->token, "@acme/lib", version, codes[i])
                              : ask({.method = Method::post,
                                     .target = "/-/stage/" + id + "/approve",
                                     .token = users[i]->token,
                                     .otp = codes[i]});
        });
      }
    }
    int recorded = 0, published = 0, late = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      if (answers[i].outcome() == "404 stage_not_found") {
        ++late;
        continue;
      }
      ASSERT_EQ(answers[i].status, 201) << answers[i].body;
      ++(answers[i].document().at("published").as_bool() ? published : recorded);
    }
    EXPECT_EQ(recorded, 1);
    EXPECT_EQ(published, 1);
    EXPECT_EQ(late, 1);
    EXPECT_TRUE(answers[3].status == 409 || answers[3].status == 403) << answers[3].body;
    EXPECT_TRUE(live(version));
  }
}

}  // namespace
}  // namespace imp::registry::test
