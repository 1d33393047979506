#include <array>
#include <latch>
#include <thread>

#include "accounts/totp.h"
#include "registry/api/registry_fixture.h"

namespace imp::registry::test {
namespace {

using namespace std::chrono_literals;

/// @acme/lib, which alice governs and bob, carol and dave may publish.
class StagePolicyTest : public RegistryTest {
 protected:
  StagePolicyTest() {
    acme = add_organization("acme", alice);
    for (const User* user : {&bob, &carol, &dave}) set_member(acme, *user, accounts::Role::member);
    EXPECT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
    services_->switch_cool_down = Milliseconds(0);
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
  /// The same when the clock was set back, and no code is good.
  void policy_by_clock(const StagePolicy& policy) {
    ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
      change_policy(session, find_package(session, "@acme/lib")->id, policy, "alice", clock_.now());
      return {};
    }));
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

// CircleCI's users are not known here: any of two who approve may be the one behind it, not both.
TEST_F(StagePolicyTest, WhereNobodyKnowsWhoStartedItOneMoreApproves) {
  policy(R"({"differentPerson": true})");
  trust_job("@acme/lib", {false, true, false});
  const std::string id = stage(publish_token("@acme/lib"), "@acme/lib", "1.1.0").text("stageId");
  const json::value shown = review(id);
  EXPECT_TRUE(shown.at("behind").is_null());
  EXPECT_EQ(shown.at("policy").at("approvals"), json::value(1));
  EXPECT_EQ(shown.at("needed"), json::value(2));
  const Answer first = approve(bob, id);
  EXPECT_EQ(first.document().at("published"), json::value(false));
  EXPECT_EQ(first.document().at("needed"), json::value(2));
  EXPECT_TRUE(first.header("npm-notice").contains("1 of 2 approvals, 1 more"));
  EXPECT_EQ(approve(bob, id).outcome(), "409 approved_already");
  EXPECT_FALSE(live());
  EXPECT_EQ(approve(carol, id).document().at("published"), json::value(true));
  EXPECT_TRUE(live());
}

// Of four who may approve, one is behind the first release, and nobody knows who behind the other.
TEST_F(StagePolicyTest, AReviewSaysWhenTooFewMayApprove) {
  const auto too_few = [&](const std::string& id) {
    const json::array warnings = review(id).at("warnings").as_array();
    return std::ranges::any_of(warnings, [](const json::value& warning) {
      return std::string_view(warning.as_string()).contains("must approve it");
    });
  };
  policy(R"({"approvals": 3, "differentPerson": true})");
  const std::string enough = staged(bob);
  EXPECT_FALSE(too_few(enough));
  policy(R"({"approvals": 4, "differentPerson": true})");
  EXPECT_TRUE(too_few(enough));
  EXPECT_THAT(std::string(review(enough).at("warnings").at(0).as_string()),
              testing::StartsWith("4 people must approve it, and only 3 may: "));
  trust_job("@acme/lib", {false, true, false});
  EXPECT_TRUE(too_few(stage(publish_token("@acme/lib"), "@acme/lib", "1.2.0").text("stageId")));
}

// A group with nobody in it, and then with one.
TEST_F(StagePolicyTest, AReviewCountsThePolicysGroup) {
  const accounts::Actor actor = accounts::Actor::system();
  const auto group = accounts_->groups.create(acme, "release", actor);
  ASSERT_TRUE(group) << group.error().message;
  policy(R"({"group": "release"})");
  const std::string id = staged(alice);
  EXPECT_THAT(std::string(review(id).at("warnings").at(0).as_string()),
              testing::StartsWith("1 person must approve it, and nobody may: "));
  ASSERT_TRUE(accounts_->groups.add(acme, *group, bob.person, actor));
  EXPECT_TRUE(review(id).at("warnings").as_array().empty());
}

// Of a release that somebody staged, and where the policy does not ask who is behind it.
TEST_F(StagePolicyTest, WhereItIsKnownOrNotAskedNobodyMoreApproves) {
  policy(R"({"differentPerson": true})");
  EXPECT_EQ(review(staged(bob)).at("needed"), json::value(1));
  policy(R"({"approvals": 2})");
  trust_job("@acme/lib", {false, true, false});
  const std::string id = stage(publish_token("@acme/lib"), "@acme/lib", "1.2.0").text("stageId");
  EXPECT_EQ(review(id).at("needed"), json::value(2));
}

TEST_F(StagePolicyTest, AGroupMayBeNamed) {
  const accounts::Actor actor = accounts::Actor::system();
  const auto group = accounts_->groups.create(acme, "release", actor);
  ASSERT_TRUE(group) << group.error().message;
  ASSERT_TRUE(accounts_->groups.add(acme, *group, bob.person, actor));
  policy(R"({"group": "release"})");
  const std::string id = staged(alice);
  EXPECT_EQ(approve(carol, id).outcome(), "403 approver_not_in_group");
  EXPECT_FALSE(live());
  EXPECT_EQ(approve(bob, id).outcome(), "201 ok");
  // A group that is no more lets nobody approve.
  const std::string other = staged(alice, "1.2.0");
  ASSERT_TRUE(accounts_->groups.remove(acme, *group, actor));
  EXPECT_EQ(approve(bob, other).outcome(), "403 approver_not_in_group");
  EXPECT_TRUE(review(other).at("warnings").at(0).as_string().starts_with("The group"));
}

// What the page says of a release, the terminal says, too.
TEST_F(StagePolicyTest, TheTextOfAReviewSaysWhatItNeedsAndWhoApproved) {
  const accounts::Actor actor = accounts::Actor::system();
  const auto group = accounts_->groups.create(acme, "release", actor);
  ASSERT_TRUE(group) << group.error().message;
  for (const User* user : {&bob, &carol}) {
    ASSERT_TRUE(accounts_->groups.add(acme, *group, user->person, actor));
  }
  policy(R"({"approvals": 2, "group": "release"})");
  const std::string id = staged(alice);
  const auto text = [&] {
    return ask({.target = "/-/stage/" + id + "/review",
                .token = bob.token,
                .headers = {{"accept", "text/plain"}}})
        .body;
  };
  EXPECT_THAT(text(), testing::HasSubstr("\nbehind it: alice\n"));
  EXPECT_THAT(text(),
              testing::HasSubstr("\nneeds: 2 approvals, by members of a named group (release)\n"));
  EXPECT_THAT(text(), testing::HasSubstr("\napproved by: nobody\n"));
  ASSERT_EQ(approve(bob, id).status, 201);
  EXPECT_THAT(text(), testing::HasSubstr("\napproved by: bob\n"));
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
  for (const char* body :
       {"", "[]", R"({"approvals": "2"})", R"({"approvals": 1.5})", R"({"differentPerson": 1})",
        R"({"group": 7})", R"({"quorum": 2})", R"({"approvals": 0})", R"({"approvals": 11})",
        R"({"group": "nobody"})"}) {
    EXPECT_EQ(set(alice, body, "").outcome(), "400 invalid_stage_policy") << body;
  }
  EXPECT_TRUE(
      counted(R"(registry_refusals_total{action="stage.policy",code="invalid_stage_policy"} 10)"));
  // Who may not change it is told so, whatever they send.
  EXPECT_EQ(set(bob, "{}}", otp(bob)).outcome(), "403 package_not_permitted");
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

// One account that governs must not free what already waits: its policy stays.
TEST_F(StagePolicyTest, WhatWaitedKeepsThePolicyItWasStagedUnder) {
  policy(R"({"approvals": 2, "differentPerson": true})");
  const std::string id = staged(bob);
  clock_.advance(Milliseconds(1));
  policy(R"({"approvals": 3})");
  policy(R"({"approvals": 1})");
  clock_.advance(Milliseconds(1));
  EXPECT_EQ(approve(bob, id).outcome(), "403 approver_is_stager");
  // The strictest that was in force meanwhile, too.
  EXPECT_EQ(review(id).at("policy").at("approvals"), json::value(3));
  EXPECT_EQ(approve(alice, id).document().at("published"), json::value(false));
  EXPECT_EQ(approve(carol, id).document().at("published"), json::value(false));
  EXPECT_FALSE(live());
  EXPECT_EQ(approve(dave, id).document().at("published"), json::value(true));
  // What is staged from now on is under the new one.
  const std::string later = staged(bob, "1.2.0");
  EXPECT_EQ(approve(bob, later).document().at("published"), json::value(true));
}

// What came after what is an order of events: a clock that stands before the staging tells nothing.
TEST_F(StagePolicyTest, AClockThatWasSetBackFreesNothingThatWaits) {
  policy(R"({"approvals": 2, "differentPerson": true})");
  const std::string id = staged(bob);
  clock_.advance(-1h);
  policy_by_clock({.approvals = 1});
  EXPECT_EQ(review(id).at("policy").at("approvals"), json::value(2));
  EXPECT_TRUE(review(id).at("warnings").at(0).as_string().starts_with("alice loosened the policy"));
  clock_.advance(1h);
  EXPECT_EQ(approve(bob, id).outcome(), "403 approver_is_stager");
  EXPECT_EQ(approve(alice, id).document().at("published"), json::value(false));
  EXPECT_EQ(approve(carol, id).document().at("published"), json::value(true));
}

// A change that a later one only seems to forestall, by a clock that was set back, was in force.
TEST_F(StagePolicyTest, WhatWasInForceIsNotGivenUpByAClockThatWasSetBack) {
  policy(R"({"approvals": 3})");
  const std::string first = staged(bob);
  policy(R"({"approvals": 1, "differentPerson": true})");
  const std::string second = staged(bob, "1.2.0");
  clock_.advance(-1h);
  policy_by_clock({.approvals = 2});
  clock_.advance(1h);
  EXPECT_EQ(review(first).at("policy").at("approvals"), json::value(3));
  EXPECT_EQ(review(second).at("policy").at("differentPerson"), json::value(true));
}

// One that comes into force while the clock is ahead binds what is staged then, whatever becomes of
// it when the clock is right again.
TEST_F(StagePolicyTest, WhatIsStagedWhileTheClockIsAheadKeepsItsPolicy) {
  services_->switch_cool_down = 24h;
  policy(R"({"approvals": 2})");
  policy(R"({"approvals": 1, "differentPerson": true})");
  clock_.advance(25h);
  const std::string id = staged(bob);
  clock_.advance(-25h);
  EXPECT_EQ(review(id).at("policy").at("approvals"), json::value(2));
  policy_by_clock({.approvals = 2});
  EXPECT_EQ(review(id).at("policy").at("differentPerson"), json::value(true));
}

TEST_F(StagePolicyTest, WhatWaitedKeepsItsGroupAndItsPasskeys) {
  const accounts::Actor actor = accounts::Actor::system();
  const auto release = accounts_->groups.create(acme, "release", actor);
  ASSERT_TRUE(release && accounts_->groups.add(acme, *release, bob.person, actor));
  policy(R"({"group": "release"})");
  const std::string group = staged(alice), passkeys = staged(alice, "1.2.0");
  clock_.advance(Milliseconds(1));
  policy(R"({})");
  EXPECT_EQ(approve(carol, group).outcome(), "403 approver_not_in_group");
  EXPECT_EQ(approve(bob, group).outcome(), "201 ok");
  policy(R"({"passkeysOnly": true})");
  clock_.advance(Milliseconds(1));
  policy(R"({})");
  EXPECT_EQ(approve(bob, passkeys).outcome(), "403 passkey_required");
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

// A code can be typed into a page that only looks like this server's; a passkey cannot.
TEST_F(StagePolicyTest, PasskeysOnlyRefusesCodes) {
  policy(R"({"passkeysOnly": true})");
  const std::string id = staged(alice);
  EXPECT_EQ(approve(bob, id).outcome(), "403 passkey_required");
  EXPECT_EQ(review(id).at("approvals").as_array().size(), 0u);
  EXPECT_FALSE(live());
  EXPECT_EQ(review(id).at("policy").at("passkeysOnly"), json::value(true));
}

// npm's way: what confirmed it in the browser is what counts.
TEST_F(StagePolicyTest, AConfirmationInTheBrowserCountsAsWhatItWas) {
  policy(R"({"passkeysOnly": true})");
  const std::string id = staged(alice);
  for (const auto& [factor, outcome] :
       {std::pair("totp", "403 passkey_required"), std::pair("passkey", "201 ok")}) {
    const Answer challenge = ask({.method = Method::post,
                                  .target = "/-/stage/" + id + "/approve",
                                  .token = bob.token,
                                  .headers = {{"npm-auth-type", "web"}, {"npm-command", "stage"}}});
    const std::string url = challenge.text("authUrl");
    const std::string flow = url.substr(url.rfind('/') + 1);
    const accounts::Actor browser{.person_id = bob.person.id,
                                  .name = bob.person.name,
                                  .is_admin = false,
                                  .via = "session:test",
                                  .address = "192.0.2.1",
                                  .request_id = "test",
                                  .in_browser = true};
    ASSERT_TRUE(accounts_->web_flows.confirm_purpose(flow, bob.person, otp(bob), browser));
    // There is no authenticator here to answer: the row says what a passkey's answer leaves.
    ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
      EXPECT_EQ(
          session.row("SELECT factor FROM accounts_web_flows WHERE id = :p1", {flow})->text(0),
          "totp");
      session.run("UPDATE accounts_web_flows SET factor = :p1 WHERE id = :p2",
                  {std::string(factor), flow});
      return {};
    }));
    const std::string done = challenge.text("doneUrl");
    const std::string code = get(done.substr(kPublicUrl.size())).text("token");
    const Answer answer = ask({.method = Method::post,
                               .target = "/-/stage/" + id + "/approve",
                               .token = bob.token,
                               .otp = code});
    EXPECT_EQ(answer.outcome(), outcome);
  }
  EXPECT_TRUE(live());
  EXPECT_EQ(audit_detail("stage.approve").at("factor"), json::value("web_passkey"));
}

// An approval by code from before the policy wanted passkeys does not count any more.
TEST_F(StagePolicyTest, ApprovalsByCodeDoNotCountOncePasskeysAreWanted) {
  policy(R"({"approvals": 2})");
  const std::string id = staged(alice);
  ASSERT_EQ(approve(bob, id).status, 201);
  policy(R"({"approvals": 2, "passkeysOnly": true})");
  EXPECT_TRUE(review(id).at("approvals").as_array().empty());
}

class ScopePolicyTest : public StagePolicyTest {
 protected:
  Answer set_scope(const User& user, std::string body, std::string code) {
    return ask({.method = Method::put,
                .target = "/-/org/acme/stage-policy",
                .token = user.token,
                .otp = std::move(code),
                .body = std::move(body)});
  }
  Answer clear(const User& user, std::string code, std::string target) {
    return ask({.method = Method::del,
                .target = std::move(target),
                .token = user.token,
                .otp = std::move(code)});
  }
  static constexpr const char* kOfPackage = "/-/package/@acme%2flib/stage-policy";
  static constexpr const char* kOfScope = "/-/org/acme/stage-policy";
  void scope(std::string body) {
    const Answer answer = set_scope(alice, std::move(body), otp(alice));
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
};

TEST_F(ScopePolicyTest, BindsEveryPackageOfTheScope) {
  scope(R"({"approvals": 2, "differentPerson": true})");
  const std::string id = staged(bob);
  EXPECT_EQ(approve(bob, id).outcome(), "403 approver_is_stager");
  EXPECT_EQ(approve(carol, id).document().at("published"), json::value(false));
  EXPECT_EQ(approve(dave, id).document().at("published"), json::value(true));
  const json::value shown = get("/-/package/@acme%2flib/stage-policy", alice.token).document();
  EXPECT_EQ(shown.at("approvals"), json::value(2));
  EXPECT_EQ(shown.at("own"), json::value("1 approval"));
  EXPECT_TRUE(shown.at("organization").as_string().starts_with("2 approvals"));
}

TEST_F(ScopePolicyTest, APackageMayOnlyBeStricter) {
  scope(R"({"approvals": 2})");
  EXPECT_EQ(set(alice, R"({"approvals": 1})", otp(alice)).outcome(), "400 invalid_stage_policy");
  EXPECT_EQ(set(alice, R"({"approvals": 3})", otp(alice)).outcome(), "200 ok");
  // A package's own stays when the organisation's goes, and the other way round.
  scope(R"({"approvals": 1, "passkeysOnly": true})");
  const json::value shown = get("/-/package/@acme%2flib/stage-policy", alice.token).document();
  EXPECT_EQ(shown.at("approvals"), json::value(3));
  EXPECT_EQ(shown.at("passkeysOnly"), json::value(true));
}

TEST_F(ScopePolicyTest, WhatWaitedKeepsTheScopesPolicy) {
  scope(R"({"approvals": 2})");
  const std::string id = staged(alice);
  clock_.advance(Milliseconds(1));
  scope(R"({"approvals": 1})");
  EXPECT_EQ(approve(bob, id).document().at("published"), json::value(false));
  EXPECT_EQ(approve(carol, id).document().at("published"), json::value(true));
}

TEST_F(ScopePolicyTest, APackageKeepsItsOwnGroupBesideTheScopes) {
  const accounts::Actor actor = accounts::Actor::system();
  ASSERT_TRUE(accounts_->groups.create(acme, "release", actor));
  ASSERT_TRUE(accounts_->groups.create(acme, "security", actor));
  policy(R"({"group": "release"})");
  scope(R"({"group": "security", "approvals": 2})");
  EXPECT_EQ(set(alice, R"({"approvals": 2, "group": "release"})", otp(alice)).outcome(), "200 ok");
  EXPECT_EQ(set(alice, R"({"approvals": 1, "group": "release"})", otp(alice)).outcome(),
            "400 invalid_stage_policy");
}

TEST_F(ScopePolicyTest, BothGroupsAreWanted) {
  const accounts::Actor actor = accounts::Actor::system();
  const auto own = accounts_->groups.create(acme, "own", actor);
  const auto all = accounts_->groups.create(acme, "all", actor);
  ASSERT_TRUE(own && all);
  policy(R"({"group": "own"})");
  scope(R"({"group": "all"})");
  ASSERT_TRUE(accounts_->groups.add(acme, *own, bob.person, actor));
  const std::string id = staged(alice);
  EXPECT_EQ(approve(bob, id).outcome(), "403 approver_not_in_group");
  ASSERT_TRUE(accounts_->groups.add(acme, *all, bob.person, actor));
  EXPECT_EQ(approve(bob, id).outcome(), "201 ok");
  EXPECT_TRUE(live());
}

TEST_F(ScopePolicyTest, IsSetByAdminsWithASecondFactor) {
  const User mallory = add_user("mallory", true);
  const std::string path = "/-/org/acme/stage-policy", body = R"({"approvals": 2})";
  EXPECT_EQ(set_scope(alice, body, "").outcome(), "401 second_factor_required");
  EXPECT_EQ(set_scope(bob, body, otp(bob)).outcome(), "403 package_not_permitted");
  EXPECT_EQ(get(path, bob.token).outcome(), "403 package_not_permitted");
  EXPECT_EQ(set_scope(mallory, body, otp(mallory)).outcome(), "404 organization_not_found");
  EXPECT_EQ(get(path).outcome(), "401 not_signed_in");
  EXPECT_EQ(get(path, alice.token).document().at("approvals"), json::value(1));
  scope(body);
  EXPECT_EQ(get(path, alice.token).document().at("approvals"), json::value(2));
  EXPECT_EQ(audited("stage.policy", acme.id).back(), "stage.policy granted");
}

// What a package asked for beyond its organisation goes, and no more than that.
TEST_F(ScopePolicyTest, WhatIsClearedLeavesTheOrganisations) {
  scope(R"({"approvals": 2, "expiresAfter": "30d"})");
  policy(R"({"approvals": 3, "passkeysOnly": true, "expiresAfter": "20d"})");
  const Answer cleared = clear(alice, otp(alice), kOfPackage);
  ASSERT_EQ(cleared.status, 200) << cleared.body;
  EXPECT_EQ(cleared.document().at("approvals"), json::value(2));
  EXPECT_EQ(cleared.document().at("passkeysOnly"), json::value(false));
  EXPECT_EQ(cleared.document().at("expiresAfter"), json::value("30d"));
  EXPECT_EQ(clear(alice, otp(alice), kOfScope).document().at("approvals"), json::value(1));
  EXPECT_EQ(get(kOfPackage, alice.token).document().at("approvals"), json::value(1));
  EXPECT_EQ(audited("stage.policy").size(), 4u);
  EXPECT_EQ(audit_detail("stage.policy").at("looser"), json::value(true));
}

TEST_F(ScopePolicyTest, ClearingWhatWasNeverSetSetsNothing) {
  ASSERT_EQ(clear(alice, otp(alice), kOfPackage).status, 200);
  EXPECT_TRUE(audited("stage.policy").empty());
  // So the package goes on having the organisation's time.
  scope(R"({"expiresAfter": "30d"})");
  EXPECT_EQ(get(kOfPackage, alice.token).document().at("expiresAfter"), json::value("30d"));
}

TEST_F(ScopePolicyTest, IsClearedByWhoMaySetItWithASecondFactor) {
  policy(R"({"approvals": 2})");
  scope(R"({"approvals": 2})");
  for (const char* target : {kOfPackage, kOfScope}) {
    EXPECT_EQ(clear(alice, {}, target).outcome(), "401 second_factor_required") << target;
    EXPECT_EQ(clear(alice, "000000", target).outcome(), "401 second_factor_required") << target;
    EXPECT_GE(clear(bob, otp(bob), target).status, 403) << target;
    EXPECT_EQ(ask({.method = Method::del, .target = target}).status, 401) << target;
    EXPECT_EQ(get(target, alice.token).document().at("approvals"), json::value(2)) << target;
  }
}

TEST_F(ScopePolicyTest, LooseningItIsSeenInWhatWaits) {
  scope(R"({"approvals": 2})");
  const std::string id = staged(alice);
  clock_.advance(Milliseconds(1));
  scope(R"({"approvals": 1})");
  const json::value warnings = review(id).at("warnings");
  EXPECT_TRUE(warnings.at(0).as_string().starts_with("alice loosened the organisation's policy"));
}

// Twice by the same person at the same time is one; two people at the same time publish once.
TEST_F(StagePolicyTest, ApprovingTwiceAtOnceIsOneApproval) {
  policy(R"({"approvals": 2})");
  for (int round = 1; round <= 5; ++round) {
    const std::string version = "3." + std::to_string(round) + ".0";
    const std::string id = staged(alice, version);
    const std::string first = otp(bob), second = otp(bob);
    std::array<std::string, 2> outcomes;
    std::latch start(2);
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < 2; ++i) {
        threads.emplace_back([&, i] {
          start.arrive_and_wait();
          outcomes[i] = ask({.method = Method::post,
                             .target = "/-/stage/" + id + "/approve",
                             .token = bob.token,
                             .otp = i == 0 ? first : second})
                            .outcome();
        });
      }
    }
    EXPECT_FALSE(live(version));
    EXPECT_EQ(count("SELECT COUNT(*) FROM stage_approval WHERE stage_id = :p1", {id}), 1);
    EXPECT_GE(std::ranges::count(outcomes, "201 ok"), 1) << outcomes[0] << ", " << outcomes[1];
  }
}

/// With the cool-down that is the default: a day.
class PolicyCoolDownTest : public ScopePolicyTest {
 protected:
  PolicyCoolDownTest() { services_->switch_cool_down = std::chrono::hours(24); }
  json::value shown(const std::string& target = "/-/package/@acme%2flib/stage-policy") {
    return get(target, alice.token).document();
  }
};

TEST_F(PolicyCoolDownTest, ALooserPolicyBindsAfterTheCoolDown) {
  policy(R"({"approvals": 2, "passkeysOnly": true})");
  policy(R"({"approvals": 3, "passkeysOnly": true})");  // what is stricter binds at once
  EXPECT_EQ(shown().at("approvals"), json::value(3));
  EXPECT_TRUE(shown().at("next").is_null());
  const std::string id = staged(bob);
  policy(R"({"approvals": 1})");
  const Time from = clock_.now() + std::chrono::hours(24);
  EXPECT_EQ(shown().at("approvals"), json::value(3));
  EXPECT_EQ(shown().at("passkeysOnly"), json::value(true));
  EXPECT_EQ(shown().at("next").at("approvals"), json::value(1));
  EXPECT_EQ(shown().at("next").at("passkeysOnly"), json::value(false));
  EXPECT_EQ(shown().at("next").at("from"), json::value(iso8601(from)));
  EXPECT_EQ(audit_detail("stage.policy").at("from"), json::value(iso8601(from)));
  EXPECT_EQ(approve(carol, id).outcome(), "403 passkey_required");
  const auto warnings = review(id).at("warnings").as_array();
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_TRUE(std::string_view(warnings[0].as_string())
                  .contains("1 approval from " + time_text(from) + " on."));
  // Asked for again it keeps its time, so that nobody is kept waiting or in the dark.
  policy(R"({"approvals": 1})");
  clock_.set(from - Milliseconds(1));
  EXPECT_EQ(shown().at("approvals"), json::value(3));
  clock_.set(from);
  EXPECT_EQ(shown().at("approvals"), json::value(1));
  EXPECT_TRUE(shown().at("next").is_null());
  EXPECT_TRUE(
      std::string_view(review(id).at("warnings").at(0).as_string()).contains("1 approval now."));
  // It frees what is staged from then on.
  EXPECT_EQ(approve(carol, id).outcome(), "403 passkey_required");
  EXPECT_FALSE(live());
}

TEST_F(PolicyCoolDownTest, ItCanBeStayed) {
  policy(R"({"approvals": 2})");
  const std::string id = staged(bob);
  policy(R"({"approvals": 1})");
  EXPECT_FALSE(shown().at("next").is_null());
  policy(R"({"approvals": 2})");
  EXPECT_TRUE(shown().at("next").is_null());
  EXPECT_TRUE(review(id).at("warnings").as_array().empty());
  clock_.advance(std::chrono::hours(48));
  EXPECT_EQ(shown().at("approvals"), json::value(2));
  EXPECT_EQ(approve(carol, id).document().at("published"), json::value(false));
  // What is looser in one respect and stricter in another waits, whole.
  policy(R"({"approvals": 1, "differentPerson": true})");
  EXPECT_EQ(shown().at("differentPerson"), json::value(false));
  clock_.advance(std::chrono::hours(24));
  EXPECT_EQ(shown().at("differentPerson"), json::value(true));
}

TEST_F(PolicyCoolDownTest, WhatIsClearedBindsUntilThen) {
  policy(R"({"approvals": 2})");
  const std::string id = staged(bob);
  const Answer cleared = clear(alice, otp(alice), kOfPackage);
  EXPECT_EQ(cleared.document().at("approvals"), json::value(2));
  EXPECT_EQ(cleared.document().at("next").at("approvals"), json::value(1));
  clock_.advance(std::chrono::hours(24));
  EXPECT_EQ(shown().at("approvals"), json::value(1));
  // What waited before keeps it.
  EXPECT_EQ(approve(carol, id).document().at("published"), json::value(false));
}

TEST_F(PolicyCoolDownTest, AnOrganisationsToo) {
  scope(R"({"approvals": 2})");
  const std::string id = staged(bob);
  scope(R"({"approvals": 1})");
  EXPECT_EQ(shown("/-/org/acme/stage-policy").at("approvals"), json::value(2));
  EXPECT_EQ(shown("/-/org/acme/stage-policy").at("next").at("approvals"), json::value(1));
  // A package cannot go ahead of it.
  policy(R"({"approvals": 3})");
  EXPECT_EQ(set(alice, R"({"approvals": 1})", otp(alice)).outcome(), "400 invalid_stage_policy");
  EXPECT_EQ(approve(carol, id).document().at("needed"), json::value(3));
  clock_.advance(std::chrono::hours(24));
  EXPECT_EQ(shown("/-/org/acme/stage-policy").at("approvals"), json::value(1));
  EXPECT_EQ(shown().at("approvals"), json::value(3));
}

}  // namespace
}  // namespace imp::registry::test
