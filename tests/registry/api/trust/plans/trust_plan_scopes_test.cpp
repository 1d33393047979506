#include <gmock/gmock.h>

#include "registry/api/trust/plans/trust_plan_fixture.h"

namespace imp::registry::test {
namespace {

/// alice governs the scope @acme, of which bob is a member.
class ScopePlans : public TrustPlans {
 protected:
  ScopePlans() {
    acme = add_organization("acme", alice);
    set_member(acme, bob, accounts::Role::member);
    EXPECT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
  }
  static json::object of_scope(const json::array& publishers, std::string_view scope = "@acme") {
    return {{"scopes", json::array{{{"scope", scope}, {"publishers", publishers}}}}};
  }
  static json::object with(json::object body, const char* member) {
    body[member] = true;
    return body;
  }

  User bob = add_user("bob", true);
  accounts::Organization acme;
};

TEST_F(ScopePlans, PublishersOfAScopeArePlannedAndAppliedOnce) {
  const json::object body = of_scope({config()});
  const Answer plan = send(with(body, "dryRun"));
  EXPECT_EQ(outcomes(plan), Lines{"@acme changed"}) << plan.body;
  EXPECT_EQ(plan.document().at("scopes").at(0).at("add").as_array().size(), 1u);
  EXPECT_EQ(publishers(), 0);
  EXPECT_EQ(send(body).outcome(), "401 second_factor_required");
  EXPECT_EQ(outcomes(send(body, otp(alice))), Lines{"@acme changed"});
  EXPECT_EQ(audited("trust.create", acme.id), Lines{"trust.create granted"});
  // It is one for all packages of the scope.
  EXPECT_EQ(stage(publish_token("@acme/lib"), "@acme/lib", "1.1.0").status, 201);
  EXPECT_EQ(outcomes(send(body)), Lines{"@acme unchanged"});
}

TEST_F(ScopePlans, ChangesAndPruningAreAsOfPackages) {
  ASSERT_EQ(send(of_scope({config(), config(trust::test::kOther)}), otp(alice)).status, 200);
  json::object more = config();
  more["permissions"] = json::array{"createPackage"};
  const Answer kept = send(of_scope({more}), otp(alice));
  EXPECT_EQ(kept.document().at("scopes").at(0).at("change").as_array().size(), 1u);
  EXPECT_EQ(kept.document().at("scopes").at(0).at("extra").as_array().size(), 1u);
  EXPECT_EQ(publishers(), 2);
  const Answer pruned = send(with(of_scope({more}), "prune"), otp(alice));
  EXPECT_EQ(pruned.document().at("scopes").at(0).at("remove").as_array().size(), 1u);
  EXPECT_EQ(publishers(), 1);
  EXPECT_EQ(audited("trust.change", acme.id), Lines{"trust.change granted"});
  EXPECT_EQ(audited("trust.revoke", acme.id), Lines{"trust.revoke granted"});
}

TEST_F(ScopePlans, AreForItsAdmins) {
  const User mallory = add_user("mallory", true);
  ASSERT_EQ(send(of_scope({config()}), otp(alice)).status, 200);
  const json::object wish = with(of_scope({config(trust::test::kOther)}), "prune");
  EXPECT_EQ(outcomes(send(wish, otp(bob), bob.token)), Lines{"@acme package_not_permitted"});
  EXPECT_EQ(audited("trust.apply"), Lines{"trust.apply package_not_permitted"});
  // To strangers it is as one that is not.
  EXPECT_EQ(outcomes(send(wish, otp(mallory), mallory.token)),
            Lines{"@acme organization_not_found"});
  EXPECT_EQ(outcomes(send(of_scope({config()}, "@nobody"), otp(alice))),
            Lines{"@nobody organization_not_found"});
  EXPECT_EQ(publishers(), 1);
}

// What one entry is refused is its own; a scope and its packages do not hold up each other.
TEST_F(ScopePlans, RefusalsAreTheirOwn) {
  json::object wrong = config();
  wrong["claims"].as_object()[trust::test::claim("org-id")] = "acme";
  json::object body = of_scope({config(), wrong});
  body["packages"] = json::array{{{"package", "@acme/lib"}, {"publishers", {config()}}}};
  const Answer answer = send(body, otp(alice));
  EXPECT_EQ(outcomes(answer), (Lines{"@acme invalid_publisher", "@acme/lib changed"}));
  EXPECT_EQ(answer.document().at("scopes").at(0).at("publisher"), json::value(1));
  json::array many;
  for (std::size_t i = 0; i <= trust::kMaxPublishers; ++i) many.push_back(config());
  EXPECT_EQ(outcomes(send(of_scope(many), otp(alice))), Lines{"@acme too_many_publishers"});
}

// What decides about every package of an organisation is not to be overlooked among packages.
TEST_F(ScopePlans, AConfirmationNamesTheScopesFirst) {
  json::object body;
  json::array packages;
  for (const char* name : {"@alice/a", "@acme/lib"}) {
    packages.push_back({{"package", name}, {"publishers", {config()}}});
  }
  body["packages"] = packages;
  body["scopes"] = of_scope({config()}).at("scopes");
  const Answer challenge = ask({.method = Method::put,
                                .target = "/-/trust/publishers",
                                .token = alice.token,
                                .body = json::serialize(body),
                                .headers = {{"npm-auth-type", "web"}, {"npm-command", "trust"}}});
  const std::string url = challenge.text("authUrl");
  const auto flow = accounts_->web_flows.find(url.substr(url.rfind('/') + 1));
  ASSERT_TRUE(flow) << challenge.body;
  EXPECT_THAT(flow->purpose.subject,
              testing::StartsWith("the scope @acme, @alice/a, @acme/lib (plan "));
}

TEST_F(ScopePlans, WhatIsListedIsWhatCanBeApplied) {
  json::object body = of_scope({config()});
  body["packages"] = json::array{{{"package", "@alice/a"}, {"publishers", {config()}}},
                                 {{"package", "@acme/lib"}, {"publishers", {config()}}}};
  ASSERT_EQ(send(body, otp(alice)).status, 200);
  const json::object all = exported();
  EXPECT_EQ(all.at("scopes").as_array().size(), 1u);
  EXPECT_EQ(outcomes(send(with(with(all, "dryRun"), "prune"))),
            (Lines{"@acme unchanged", "@acme/lib unchanged", "@alice/a unchanged"}));
  EXPECT_TRUE(exported("?scope=@alice").at("scopes").as_array().empty());
  EXPECT_EQ(exported("?scope=@acme").at("scopes").as_array().size(), 1u);
  EXPECT_EQ(exported("?scope=@acme").at("packages").as_array().size(), 1u);
  EXPECT_TRUE(exported("", bob.token).at("scopes").as_array().empty());  // no admin
}

}  // namespace
}  // namespace imp::registry::test
