#include "registry/api/trust/pending_publishers.h"
#include "registry/api/trust/plans/trust_plan_fixture.h"
#include "registry/api/trust/plans/trust_plans.h"

namespace imp::registry::test {
namespace {

TEST_F(TrustPlans, APlanChangesNothingAndAsksForNoCode) {
  const Answer plan = put({{"@alice/a", {config()}}, {"@alice/b", {}}}, true);
  ASSERT_EQ(plan.status, 200) << plan.body;
  EXPECT_EQ(outcomes(plan), (Lines{"@alice/a changed", "@alice/b unchanged"}));
  EXPECT_EQ(plan.document().at("packages").at(0).at("add").as_array().size(), 1u);
  EXPECT_EQ(publishers(), 0);
  EXPECT_TRUE(audited("trust.").empty());
}

TEST_F(TrustPlans, ApplyingTakesOneCodeForAllAndIsIdempotent) {
  const std::vector<std::pair<std::string, json::array>> all = {
      {"@alice/a", {config()}}, {"@alice/b", {config(), config(trust::test::kOther)}}};
  EXPECT_EQ(put(all, false).outcome(), "401 second_factor_required");
  EXPECT_EQ(publishers(), 0);
  const std::string code = otp(alice);
  const Answer applied = put(all, false, code);
  ASSERT_EQ(applied.status, 200) << applied.body;
  EXPECT_EQ(outcomes(applied), (Lines{"@alice/a changed", "@alice/b changed"}));
  EXPECT_EQ(publishers(), 3);
  EXPECT_EQ(audited("trust.create").size(), 3u);
  // Again there is nothing to do, so no code is asked for.
  EXPECT_EQ(outcomes(put(all, false)), (Lines{"@alice/a unchanged", "@alice/b unchanged"}));
  EXPECT_EQ(put({{"@alice/c", {config()}}}, false, code).outcome(), "401 second_factor_required");
}

// What somebody confirms in the browser is what is done: no other plan of as many packages.
TEST_F(TrustPlans, AConfirmationIsForOnePlan) {
  const auto apply = [&](const char* package, const std::string& code) {
    return ask({.method = Method::put,
                .target = "/-/trust/publishers",
                .token = alice.token,
                .otp = code,
                .body = json::serialize(json::object{
                    {"packages", json::array{{{"package", package}, {"publishers", {config()}}}}}}),
                .headers = {{"npm-auth-type", "web"}, {"npm-command", "trust"}}});
  };
  const auto confirmed = [&] {
    const Answer challenge = apply("@alice/a", "");
    EXPECT_EQ(challenge.outcome(), "401 second_factor_required");
    const std::string url = challenge.text("authUrl"), done = challenge.text("doneUrl");
    const std::string flow = url.substr(url.rfind('/') + 1);
    EXPECT_TRUE(accounts_->web_flows.find(flow)->purpose.subject.starts_with("@alice/a (plan "));
    const accounts::Actor actor{.person_id = alice.person.id, .name = "alice", .in_browser = true};
    EXPECT_TRUE(accounts_->web_flows.confirm_purpose(flow, alice.person, otp(alice), actor));
    return get(done.substr(kPublicUrl.size())).text("token");
  };
  EXPECT_EQ(apply("@alice/b", confirmed()).outcome(), "401 second_factor_required");
  EXPECT_EQ(publishers(), 0);
  EXPECT_EQ(apply("@alice/a", confirmed()).status, 200);
  EXPECT_EQ(publishers(), 1);
}

TEST_F(TrustPlans, OnlyPruningRemoves) {
  ASSERT_EQ(put({{"@alice/a", {config()}}, {"@alice/b", {config()}}}, false, otp(alice)).status,
            200);
  const Answer kept = put({{"@alice/a", {}}}, false);
  EXPECT_EQ(outcomes(kept), Lines{"@alice/a unchanged"});
  EXPECT_EQ(kept.document().at("packages").at(0).at("extra").as_array().size(), 1u);
  EXPECT_EQ(publishers(), 2);
  const Answer pruned = put({{"@alice/a", {}}}, false, otp(alice), true);
  EXPECT_EQ(outcomes(pruned), Lines{"@alice/a changed"});
  EXPECT_EQ(pruned.document().at("packages").at(0).at("remove").as_array().size(), 1u);
  EXPECT_EQ(publishers(), 1);  // packages that are not named stay as they are
  EXPECT_EQ(audited("trust.revoke"), Lines{"trust.revoke granted"});
}

TEST_F(TrustPlans, AChangeOfPermissionsEndsTheTokens) {
  ASSERT_EQ(put({{"@alice/a", {config()}}}, false, otp(alice)).status, 200);
  const std::string token = publish_token("@alice/a");
  json::object more = config();
  more["permissions"] = json::array{"createPackage"};
  const Answer changed = put({{"@alice/a", {more}}}, false, otp(alice));
  EXPECT_EQ(changed.document().at("packages").at(0).at("change").as_array().size(), 1u);
  EXPECT_EQ(stage(token, "@alice/a", "1.1.0").outcome(), "401 publish_token_invalid");
  EXPECT_EQ(publish(publish_token("@alice/a"), "@alice/a", "1.1.0").status, 201);
}

// Packages that release once a month must not lose their publisher to a corrected file.
TEST_F(TrustPlans, AChangeKeepsTheLifeOfWhatWasUsed) {
  using namespace std::chrono_literals;
  ASSERT_EQ(put({{"@alice/a", {config()}}, {"@alice/b", {config()}}}, false, otp(alice)).status,
            200);
  ASSERT_EQ(stage(publish_token("@alice/a"), "@alice/a", "1.1.0").status, 201);
  const auto ids = [&](const char* package) {
    return count(
        "SELECT COUNT(*) FROM trusted_publisher JOIN package ON package.id = package_id "
        "WHERE name = :p1 AND last_used_at IS NOT NULL AND ends_at IS NULL",
        {std::string(package)});
  };
  ASSERT_EQ(ids("@alice/a"), 1);
  // Even where what is new cools down, fewer permissions take nobody's time.
  services_->publisher_rules.cool_down = 24h;
  json::object more = config(), other = config();
  more["permissions"] = json::array{"createPackage"};
  other["permissions"] = json::array{"manageDistTags"};
  ASSERT_EQ(put({{"@alice/a", {more}}, {"@alice/b", {other}}}, false, otp(alice)).status, 200);
  EXPECT_EQ(ids("@alice/a"), 1);
  EXPECT_EQ(exchange(identity_token(), "@alice/a").outcome(), "403 publisher_cooling_down");
  clock_.advance(25h);
  ASSERT_EQ(put({{"@alice/a", {config()}}}, false, otp(alice)).status, 200);  // fewer again
  EXPECT_EQ(exchange(identity_token(), "@alice/a").outcome(), "201 ok");
  clock_.advance(72h);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(exchange(identity_token(), "@alice/a").outcome(), "201 ok");
  EXPECT_EQ(exchange(identity_token(), "@alice/b").outcome(), "403 publisher_expired");
  EXPECT_EQ(audited("trust.c"),
            (Lines{"trust.create granted", "trust.create granted", "trust.change granted",
                   "trust.change granted", "trust.change granted"}));
  const json::object detail = audit_detail("trust.change");
  EXPECT_EQ(detail.at("before").at("permissions"),
            (json::array{"createPackage", "createStagedPackage"}));
  EXPECT_EQ(detail.at("publisher").at("permissions"), json::array{"createStagedPackage"});
  EXPECT_EQ(detail.at("publisher").at("id"), detail.at("before").at("id"));
}

// An exchange proves nothing, so the time that is left may be less than the cool-down.
TEST_F(TrustPlans, WhatCoolsDownAgainHasTimeToBeUsedAfterIt) {
  using namespace std::chrono_literals;
  ASSERT_EQ(put({{"@alice/a", {config()}}}, false, otp(alice)).status, 200);
  publish_token("@alice/a");
  services_->publisher_rules.cool_down = 24h;
  clock_.advance(40h);
  json::object more = config();
  more["permissions"] = json::array{"createPackage", "createStagedPackage"};
  ASSERT_EQ(put({{"@alice/a", {more}}}, false, otp(alice)).status, 200);
  clock_.advance(25h);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(exchange(identity_token(), "@alice/a").outcome(), "201 ok");
}

TEST_F(TrustPlans, OnePackagesRefusalIsItsOwn) {
  const User bob = add_user("bob");
  ASSERT_EQ(publish(bob.token, "@bob/lib", "1.0.0").status, 201);
  json::object wrong = config();
  wrong["claims"].as_object()[trust::test::claim("org-id")] = "acme";
  const Answer answer = put({{"@bob/lib", {config()}},
                             {"@nobody/lib", {config()}},
                             {"@alice/a", {config(), wrong}},
                             {"@alice/b", {config(), config()}},
                             {"@alice/c", {config()}}},
                            false, otp(alice));
  EXPECT_EQ(outcomes(answer), (Lines{"@bob/lib package_not_permitted",
                                     "@nobody/lib package_not_found", "@alice/a invalid_publisher",
                                     "@alice/b duplicate_publisher", "@alice/c changed"}));
  EXPECT_EQ(answer.document().at("packages").at(2).at("publisher"), json::value(1));
  EXPECT_EQ(publishers(), 1);
  // All are counted, and who reached for another's package is written down.
  EXPECT_EQ(audited("trust.apply"), Lines{"trust.apply package_not_permitted"});
  for (const char* code :
       {"package_not_permitted", "package_not_found", "invalid_publisher", "duplicate_publisher"}) {
    EXPECT_TRUE(counted(std::string("action=\"trust.apply\",code=\"") + code)) << code;
  }
  // Also where nothing is left to do; a plan decides nothing.
  EXPECT_EQ(put({{"@bob/lib", {config()}}}, true).status, 200);
  EXPECT_EQ(audited("trust.apply").size(), 1u);
  EXPECT_EQ(put({{"@bob/lib", {config()}}}, false).status, 200);
  EXPECT_EQ(audited("trust.apply").size(), 2u);
}

TEST_F(TrustPlans, WhatIsRefusedInATransactionLeavesTheOthersWhole) {
  // More than share a transaction, one of which is full.
  std::vector<std::pair<std::string, json::array>> all;
  for (int i = 0; i < 150; ++i) {
    const std::string name = "@alice/many-" + std::to_string(i);
    ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
      session.run(
          "INSERT INTO package (id, name, access, owner, created, modified, revision) SELECT :p1, "
          ":p2, access, owner, created, modified, revision FROM package WHERE name = '@alice/a'",
          {name, name});
      session.run(
          "INSERT INTO package_maintainer (package_id, person, email, place) VALUES (:p1, 'alice', "
          "'', 0)",
          {name});
      return {};
    }));
    all.emplace_back(name, json::array{config()});
  }
  PlanRequest plan = read_plan(*services_, json::serialize(body_of(all, false))).value();
  const Requester requester = identified(alice.token);
  ASSERT_TRUE(plan_trust(*services_, requester, plan));
  // It was not when the plan was made.
  fill_up("@alice/many-120");
  apply_trust(*services_, requester, plan);
  EXPECT_EQ(
      std::ranges::count_if(plan.entries, [](const auto& it) { return it.refusal.has_value(); }),
      1);
  EXPECT_EQ(plan.entries[120].refusal->code(), "too_many_publishers");
  EXPECT_EQ(publishers(), 149 + static_cast<std::int64_t>(trust::kMaxPublishers));
  EXPECT_EQ(audited("trust.create").size(), 149u);
}

// What applying would refuse is refused to whoever plans it, in the same words.
TEST_F(TrustPlans, APlanSaysWhereThereIsNoRoom) {
  fill_up("@alice/a");
  const std::vector<std::pair<std::string, json::array>> wanted = {{"@alice/a", {config()}},
                                                                   {"@alice/b", {config()}}};
  const Answer planned = put(wanted, true);
  EXPECT_EQ(outcomes(planned), (Lines{"@alice/a too_many_publishers", "@alice/b changed"}));
  const json::value said = planned.document().at("packages").at(0).at("message");
  EXPECT_TRUE(said.as_string().starts_with("That would make 11 trusted publishers"));
  const Answer applied = put(wanted, false, otp(alice));
  EXPECT_EQ(outcomes(applied), (Lines{"@alice/a too_many_publishers", "@alice/b changed"}));
  EXPECT_EQ(applied.document().at("packages").at(0).at("message"), said);
  // Those that are pruned make room, and who changes nothing needs none.
  EXPECT_EQ(outcomes(put({{"@alice/a", {config()}}}, true, {}, true)), Lines{"@alice/a changed"});
  EXPECT_EQ(outcomes(put({{"@alice/a", {}}}, true)), Lines{"@alice/a unchanged"});
}

TEST_F(TrustPlans, AreForWhoGovernsByAFullCredential) {
  EXPECT_EQ(ask({.method = Method::put, .target = "/-/trust/publishers", .body = "{}"}).outcome(),
            "401 not_signed_in");
  EXPECT_EQ(get("/-/trust/publishers").outcome(), "401 not_signed_in");
  const User bob = add_user("bob");
  ASSERT_EQ(publish(bob.token, "@bob/lib", "1.0.0").status, 201);
  EXPECT_EQ(put({{"@bob/lib", {config()}}}, false, {}, false, bob.token).outcome(),
            "403 second_factor_not_enabled");
}

TEST_F(TrustPlans, TheBodyIsRead) {
  for (const char* body :
       {"", "[]", "{}", R"({"packages":[]})", R"({"packages":[1]})",
        R"({"packages":[{"package":"a"}]})", R"({"packages":[{"package":"a","publishers":{}}]})",
        R"({"packages":[{"package":"a","publishers":[]},{"package":"a","publishers":[]}]})",
        R"({"packages":[{"package":"a","publishers":[]}],"dryrun":true})", R"({"scopes":[]})",
        R"({"scopes":{"@acme":[]}})", R"({"scopes":[{"package":"a","publishers":[]}]})",
        R"({"scopes":[{"scope":"acme","publishers":[]}]})",
        R"({"scopes":[{"scope":"@acme/a","publishers":[]}]})",
        R"({"scopes":[{"scope":"@","publishers":[]}]})",
        R"({"scopes":[{"scope":"@a","publishers":[]},{"scope":"@a","publishers":[]}]})"}) {
    EXPECT_EQ(ask({.method = Method::put,
                   .target = "/-/trust/publishers",
                   .token = alice.token,
                   .body = body})
                  .outcome(),
              "400 invalid_publisher")
        << body;
  }
}

TEST_F(TrustPlans, WhatIsListedIsWhatCanBeApplied) {
  const User bob = add_user("bob");
  ASSERT_EQ(put({{"@alice/a", {config()}}, {"@alice/b", {config()}}}, false, otp(alice)).status,
            200);
  json::object all = exported();
  all["dryRun"] = true;
  EXPECT_EQ(outcomes(send(all)), (Lines{"@alice/a unchanged", "@alice/b unchanged"}));
  EXPECT_TRUE(exported("?scope=@bob").at("packages").as_array().empty());
  EXPECT_TRUE(exported("", bob.token).at("packages").as_array().empty());
}

}  // namespace
}  // namespace imp::registry::test
