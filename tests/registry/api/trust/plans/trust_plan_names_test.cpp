#include <gmock/gmock.h>

#include <array>
#include <latch>
#include <thread>

#include "registry/api/trust/plans/trust_plan_fixture.h"
#include "registry/trust/publisher_place.h"

namespace imp::registry::test {
namespace {

using testing::HasSubstr;

/// Trust files that name packages which do not exist. alice governs @acme, bob is a member.
class NamePlans : public TrustPlans {
 protected:
  NamePlans() {
    acme = add_organization("acme", alice);
    set_member(acme, bob, accounts::Role::member);
  }
  static json::object publishing(const std::string& project = trust::test::kProject) {
    json::object one = config(project);
    one["permissions"] = json::array{"createPackage"};
    return one;
  }
  std::int64_t waiting() {
    return count("SELECT COUNT(*) FROM trusted_publisher WHERE package_id LIKE 'name:%'");
  }

  User bob = add_user("bob", true);
  accounts::Organization acme;
};

TEST_F(NamePlans, ANameWithoutAPackageIsPrepared) {
  const std::vector<std::pair<std::string, json::array>> file = {{"@acme/new", {publishing()}},
                                                                 {"@alice/a", {config()}}};
  const Answer plan = put(file, true);
  EXPECT_EQ(outcomes(plan), (Lines{"@acme/new changed", "@alice/a changed"})) << plan.body;
  EXPECT_EQ(plan.document().at("packages").at(0).at("pending"), json::value(true));
  EXPECT_FALSE(plan.document().at("packages").at(1).as_object().contains("pending"));
  EXPECT_EQ(publishers(), 0);
  EXPECT_EQ(put(file, false).outcome(), "401 second_factor_required");
  const Answer applied = put(file, false, otp(alice));
  EXPECT_EQ(applied.document().at("packages").at(0).at("pending"), json::value(true));
  EXPECT_EQ(waiting(), 1);
  EXPECT_EQ(publishers(), 2);
  EXPECT_EQ(audited("trust.create", acme.id), Lines{"trust.create granted"});
  // It waits for its package as one that npm prepared.
  const json::value prepared = get("/-/trust/pending", alice.token).document().at("pending").at(0);
  EXPECT_EQ(prepared.at("package"), json::value("@acme/new"));
  EXPECT_EQ(prepared.at("expiresAt"), json::value(iso8601(clock_.now() + trust::kPendingLife)));
  EXPECT_EQ(outcomes(put(file, false)), (Lines{"@acme/new unchanged", "@alice/a unchanged"}));
}

// The file that prepared a package is the one that it has when it exists.
TEST_F(NamePlans, TheFileStaysAsItIsOnceThereIsAPackage) {
  ASSERT_EQ(put({{"@acme/new", {publishing()}}}, false, otp(alice)).status, 200);
  ASSERT_EQ(publish(publish_token("@acme/new"), "@acme/new", "1.0.0").status, 201);
  EXPECT_EQ(waiting(), 0);
  const Answer plan = put({{"@acme/new", {publishing()}}}, true, {}, true);
  EXPECT_EQ(outcomes(plan), Lines{"@acme/new unchanged"});
  EXPECT_FALSE(plan.document().at("packages").at(0).as_object().contains("pending"));
  EXPECT_EQ(plan.document().at("packages").at(0).at("kept"), json::value(1));
}

TEST_F(NamePlans, ChangesAndPruningAreAsOfPackages) {
  ASSERT_EQ(put({{"@acme/new", {config(), config(trust::test::kOther)}}}, false, otp(alice)).status,
            200);
  const Answer kept = put({{"@acme/new", {publishing()}}}, false, otp(alice));
  EXPECT_EQ(kept.document().at("packages").at(0).at("change").as_array().size(), 1u);
  EXPECT_EQ(kept.document().at("packages").at(0).at("extra").as_array().size(), 1u);
  EXPECT_EQ(waiting(), 2);
  ASSERT_EQ(put({{"@acme/new", {}}}, false, otp(alice), true).status, 200);
  EXPECT_EQ(waiting(), 0);
  EXPECT_EQ(audited("trust.revoke", acme.id).size(), 2u);
}

TEST_F(NamePlans, AreForWhoMayCreateThePackage) {
  const User mallory = add_user("mallory", true);
  const std::vector<std::pair<std::string, json::array>> file = {{"@acme/new", {config()}},
                                                                 {"@nobody/new", {config()}},
                                                                 {"@mallory/new", {config()}},
                                                                 {"http", {config()}}};
  const Answer answer = put(file, false, otp(mallory), false, mallory.token);
  EXPECT_EQ(outcomes(answer), (Lines{"@acme/new package_not_found", "@nobody/new package_not_found",
                                     "@mallory/new changed", "http invalid_package_name"}));
  EXPECT_THAT(std::string(answer.document().at("packages").at(0).at("message").as_string()),
              HasSubstr("for the members of its organisation"));
  EXPECT_EQ(waiting(), 1);
}

// Members prepare beside each other and see nothing of it; admins see, and level, all of it.
TEST_F(NamePlans, OnlyAdminsPlanWithWhatOthersPrepared) {
  User carol = add_user("carol", true);
  set_member(acme, carol, accounts::Role::member);
  const std::vector<std::pair<std::string, json::array>> file = {{"@acme/new", {config()}}};
  for (const User* user : {&bob, &carol}) {
    EXPECT_EQ(outcomes(put(file, false, otp(*user), true, user->token)),
              Lines{"@acme/new changed"});
  }
  EXPECT_EQ(waiting(), 2);
  const Answer there = put(file, true, {}, true);
  EXPECT_EQ(outcomes(there), Lines{"@acme/new unchanged"});
  EXPECT_EQ(there.document().at("packages").at(0).at("kept"), json::value(2));
  // What is listed of both is one entry of a file.
  EXPECT_EQ(exported().at("packages").at(0).at("publishers").as_array().size(), 1u);
  EXPECT_EQ(exported().at("packages").at(0).at("pending"), json::value(true));
  const Answer more = put({{"@acme/new", {publishing()}}}, false, otp(alice));
  EXPECT_EQ(more.document().at("packages").at(0).at("change").as_array().size(), 2u);
  EXPECT_EQ(outcomes(put({{"@acme/new", {publishing()}}}, true)), Lines{"@acme/new unchanged"});
}

TEST_F(NamePlans, WhatIsListedIsWhatCanBeApplied) {
  ASSERT_EQ(put({{"@acme/new", {publishing()}}, {"@alice/a", {config()}}, {"lib", {config()}}},
                false, otp(alice))
                .status,
            200);
  json::object all = exported();
  for (json::value& entry : all.at("packages").as_array()) entry.as_object().erase("pending");
  all["prune"] = all["dryRun"] = true;
  EXPECT_EQ(outcomes(send(all)),
            (Lines{"@acme/new unchanged", "@alice/a unchanged", "lib unchanged"}));
  EXPECT_EQ(exported("?scope=@acme").at("packages").as_array().size(), 1u);
  EXPECT_TRUE(exported("", bob.token).at("packages").as_array().empty());
}

// A thousand names are prepared as fast as one, but a person may have a hundred waiting.
TEST_F(NamePlans, OnePersonPreparesNoMoreThanTheLimit) {
  std::vector<std::pair<std::string, json::array>> file = {{"@alice/a", {config()}}};
  for (int i = 0; i <= trust::kMaxPendingOfPerson; ++i) {
    file.emplace_back("@acme/new-" + std::to_string(i), json::array{config()});
  }
  const Lines planned = outcomes(put(file, true));
  EXPECT_EQ(
      std::ranges::count_if(planned, [](const auto& line) { return line.ends_with(" changed"); }),
      trust::kMaxPendingOfPerson + 1);
  EXPECT_EQ(planned.back(), "@acme/new-100 too_many_publishers");
  const Answer applied = put(file, false, otp(alice));
  EXPECT_EQ(outcomes(applied), planned);  // the plan said so
  EXPECT_EQ(waiting(), trust::kMaxPendingOfPerson);
  EXPECT_THAT(applied.body, HasSubstr("You have prepared 100 trusted publishers"));
  // What goes makes room, in the same file.
  EXPECT_EQ(
      outcomes(put({{"@acme/new-0", {}}, {"@acme/new-100", {config()}}}, false, otp(alice), true)),
      (Lines{"@acme/new-0 changed", "@acme/new-100 changed"}));
  EXPECT_EQ(waiting(), trust::kMaxPendingOfPerson);
}

// What a typing error would prepare is not to be overlooked among packages.
TEST_F(NamePlans, AConfirmationSaysThatThereIsNoPackage) {
  const Answer challenge =
      ask({.method = Method::put,
           .target = "/-/trust/publishers",
           .token = alice.token,
           .body = json::serialize(json::object{
               {"packages", json::array{{{"package", "@alice/a"}, {"publishers", {config()}}},
                                        {{"package", "@acme/nwe"}, {"publishers", {config()}}}}}}),
           .headers = {{"npm-auth-type", "web"}, {"npm-command", "trust"}}});
  const std::string url = challenge.text("authUrl");
  const auto flow = accounts_->web_flows.find(url.substr(url.rfind('/') + 1));
  ASSERT_TRUE(flow) << challenge.body;
  EXPECT_THAT(flow->purpose.subject,
              testing::StartsWith("@acme/nwe (no package yet), @alice/a (plan "));
}

// The same file twice at once prepares once.
TEST_F(NamePlans, AppliedTwiceAtOnceItPreparesOnce) {
  for (int round = 0; round < 5; ++round) {
    const std::string name = "@acme/race-" + std::to_string(round);
    const std::array<std::string, 2> codes = {otp(alice), otp(alice)};
    std::array<Answer, 2> answers;
    std::latch start(2);
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < 2; ++i) {
        threads.emplace_back([&, i] {
          start.arrive_and_wait();
          answers[i] = put({{name, {config()}}}, false, codes[i]);
        });
      }
    }
    EXPECT_EQ(waiting(), round + 1);
    for (const Answer& answer : answers) {
      EXPECT_TRUE(answer.status == 200 || answer.status == 401) << answer.body;
    }
  }
}

}  // namespace
}  // namespace imp::registry::test
