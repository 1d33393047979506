#include "registry/api/trust/departures.h"

#include <gmock/gmock.h>

#include "registry/api/registry_fixture.h"
#include "registry/api/trust/pending_publishers.h"

namespace imp::registry::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class Departures : public RegistryTest {
 protected:
  static std::string job(const json::object& claims = trust::test::publisher_claims()) {
    return json::serialize(json::array{json::object{
        {"type", "circleci"}, {"claims", claims}, {"permissions", {"createPackage"}}}});
  }
  Answer send(Method method, std::string target, const User& user, std::string body = {}) {
    return ask({.method = method,
                .target = std::move(target),
                .token = user.token,
                .otp = otp(user),
                .body = std::move(body)});
  }
  /// The id of what was added.
  std::string add(const std::string& path, const User& user, std::string body = job()) {
    const Answer made = send(Method::post, path, user, std::move(body));
    EXPECT_LT(made.status, 300) << made.body;
    const json::value document = made.document();
    return std::string((document.is_array() ? document.at(0) : document).at("id").as_string());
  }
  /// As `npm owner` sends it.
  void set_owners(const User& by, std::vector<std::string> names) {
    const std::string rev = get("/lib?write=true").text("_rev");
    json::array list;
    for (const std::string& name : names) list.push_back({{"name", name}, {"email", "x@x"}});
    const Answer put =
        send(Method::put, "/lib/-rev/" + rev, by,
             json::serialize(json::object{{"_id", "lib"}, {"_rev", rev}, {"maintainers", list}}));
    EXPECT_EQ(put.status, 201) << put.body;
  }
  json::array listed(const std::string& path, const User& user) {
    return send(Method::get, path, user).document().as_array();
  }
  std::string outcome(std::string_view name) { return exchange(identity_token(), name).outcome(); }
  std::string paused(const std::string& hook) {
    return database_
        ->read([&](db::Session& session) -> Result<std::string> {
          return session.row("SELECT paused FROM hook WHERE id = :p1", {hook})->text(0);
        })
        .value();
  }

  static constexpr const char* kTrust = "/-/package/lib/trust";
  static constexpr const char* kHook = R"({"url": "https://hooks.example/x"})";
  User alice = add_user("alice", true), bob = add_user("bob", true),
       carol = add_user("carol", true);
};

class Transfer : public Departures {
 protected:
  Transfer() { EXPECT_EQ(publish(alice.token, "lib", "1.0.0", otp(alice)).status, 201); }
};

TEST_F(Transfer, EndsWhatTheFormerMaintainersAdded) {
  const std::string id = add(kTrust, alice), hook = add("/-/package/lib/hooks", alice, kHook);
  const std::string token = publish_token("lib");
  set_owners(alice, {"alice", "bob"});
  EXPECT_EQ(outcome("lib"), "201 ok");  // nobody has left
  set_owners(alice, {"bob"});
  EXPECT_EQ(publish(token, "lib", "1.1.0").outcome(), "401 publish_token_invalid");
  const Answer refused = exchange(identity_token(), "lib");
  EXPECT_EQ(refused.outcome(), "403 publisher_expired");
  EXPECT_THAT(refused.text("message"), HasSubstr("given the package away"));
  EXPECT_THAT(refused.text("message"), HasSubstr("add it again"));
  EXPECT_EQ(audit_detail("trust.publisher_end").at("because"), json::value("transferred"));
  EXPECT_EQ(audit_detail("trust.publisher_end").at("made_by"), json::value("alice"));
  EXPECT_THAT(paused(hook), HasSubstr("alice"));
  EXPECT_EQ(audited("hook.pause"), std::vector<std::string>{"hook.pause granted"});
  // One of the new maintainers adds it again as it was.
  const json::array ended = listed(std::string(kTrust) + "/ended", bob);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended.at(0).at("reason"), json::value("transferred"));
  EXPECT_EQ(ended.at(0).at("id"), json::value(id));
  EXPECT_EQ(send(Method::post, std::string(kTrust) + "/" + id + "/restore", bob).status, 200);
  EXPECT_TRUE(listed(std::string(kTrust) + "/ended", bob).empty());
  EXPECT_EQ(outcome("lib"), "201 ok");
  EXPECT_EQ(count("SELECT COUNT(*) FROM trusted_publisher WHERE created_by = 'bob'"), 1);
  EXPECT_EQ(send(Method::post, std::string(kTrust) + "/" + id + "/restore", bob).outcome(),
            "404 publisher_not_found");
}

TEST_F(Transfer, InOneStepIsOneToo) {
  add(kTrust, alice);
  set_owners(alice, {"bob"});
  EXPECT_EQ(outcome("lib"), "403 publisher_expired");
}

TEST_F(Transfer, LeavesWhatTheNewMaintainersAdded) {
  set_owners(alice, {"alice", "bob"});
  add(kTrust, bob);
  set_owners(bob, {"bob"});
  EXPECT_EQ(outcome("lib"), "201 ok");
}

// One of several leaves: the releases of the others go on, and they are told.
TEST_F(Transfer, IsNoneWhileSomebodyStaysWhoHadThePackageBefore) {
  const std::string id = add(kTrust, alice);
  // Used, so that it does not end by itself.
  ASSERT_EQ(publish(publish_token("lib"), "lib", "1.1.0").status, 201);
  set_owners(alice, {"alice", "bob"});
  ASSERT_TRUE(write([&](db::Session& session) {  // 30 days ago: longer than a sign-in lasts
    session.run("UPDATE package_maintainer SET since = :p1 WHERE person = 'bob'",
                {to_milliseconds(clock_.now() - kTakenOver)});
    return Result<void>();
  }));
  set_owners(alice, {"alice", "bob", "carol"});  // does not make bob a new one
  set_owners(alice, {"bob", "carol"});
  const std::string until = iso8601(clock_.now() + trust::kLeftLife);
  EXPECT_EQ(outcome("lib"), "201 ok");
  EXPECT_EQ(listed(kTrust, bob).at(0).at("makerLeft"), json::value(true));
  EXPECT_EQ(listed(kTrust, bob).at(0).at("keepBy"), json::value(until));
  EXPECT_EQ(send(Method::post, std::string(kTrust) + "/" + id + "/keep", carol).status, 200);
  EXPECT_FALSE(listed(kTrust, bob).at(0).as_object().contains("makerLeft"));
  EXPECT_EQ(audit_detail("trust.keep").at("made_by"), json::value("alice"));
  // It is carol's now: with her it goes, when bob gives the package away in turn.
  set_owners(bob, {"bob"});
  EXPECT_EQ(listed(kTrust, bob).at(0).at("makerLeft"), json::value(true));
}

TEST_F(Transfer, OfAnOrganisationsPackageIsNone) {
  const accounts::Organization acme = add_organization("acme", alice);
  ASSERT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
  add("/-/package/@acme%2flib/trust", alice);
  const std::string rev = get("/@acme%2flib?write=true").text("_rev");
  EXPECT_EQ(send(Method::put, "/@acme%2flib/-rev/" + rev, alice,
                 json::serialize(json::object{
                     {"_id", "@acme/lib"},
                     {"_rev", rev},
                     {"maintainers", json::array{{{"name", "bob"}, {"email", "x@x"}}}}}))
                .status,
            201);
  EXPECT_EQ(outcome("@acme/lib"), "201 ok");
}

TEST_F(Transfer, KeepingAndAddingAgainAreForThoseWhoGovern) {
  const std::string id = add(kTrust, alice);
  const std::string one = std::string(kTrust) + "/" + id;
  for (const char* verb : {"/keep", "/restore"}) {
    EXPECT_EQ(send(Method::post, one + verb, bob).outcome(), "403 package_not_permitted") << verb;
    EXPECT_EQ(ask({.method = Method::post, .target = one + verb, .token = alice.token}).outcome(),
              "401 second_factor_required")
        << verb;
    EXPECT_EQ(send(Method::post, std::string(kTrust) + "/none" + verb, alice).outcome(),
              "404 publisher_not_found")
        << verb;
  }
  EXPECT_EQ(send(Method::get, std::string(kTrust) + "/ended", bob).outcome(),
            "403 package_not_permitted");
  // What somebody prepared is theirs alone, and stays so.
  const std::string prepared = add("/-/package/new/trust", alice);
  EXPECT_EQ(send(Method::post, "/-/package/new/trust/" + prepared + "/keep", alice).outcome(),
            "400 invalid_publisher");
}

TEST_F(Transfer, WhatEndedByItselfCanBeAddedAgain) {
  const std::string id = add(kTrust, alice);
  clock_.advance(49h);
  // Keeping is no way around its end.
  ASSERT_EQ(send(Method::post, std::string(kTrust) + "/" + id + "/keep", alice).status, 200);
  EXPECT_EQ(outcome("lib"), "403 publisher_expired");
  ASSERT_TRUE(expire_publishers(*services_));
  ASSERT_EQ(send(Method::post, std::string(kTrust) + "/" + id + "/restore", alice).status, 200);
  EXPECT_EQ(outcome("lib"), "201 ok");
}

TEST_F(Transfer, WhatIsAddedByHandIsNoLongerListedAsEnded) {
  add(kTrust, alice);
  clock_.advance(49h);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(listed(std::string(kTrust) + "/ended", alice).size(), 1u);
  add(kTrust, alice);
  EXPECT_TRUE(listed(std::string(kTrust) + "/ended", alice).empty());
}

class MemberLeaves : public Departures {
 protected:
  MemberLeaves() {
    set_member(acme, bob, accounts::Role::admin);
    EXPECT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
  }
  static json::object other_job() {
    json::object claims = trust::test::publisher_claims();
    claims["oidc.circleci.com/project-id"] = "0a1b2c3d-9999-4999-8999-999999999999";
    return claims;
  }
  /// One of the package's, as alice sees it.
  json::value of(const std::string& id) {
    for (const json::value& one : listed(kTrustOfLib, alice)) {
      if (one.at("id") == json::value(id)) return one;
    }
    return nullptr;
  }
  static constexpr const char* kScope = "/-/org/acme/trust";
  static constexpr const char* kTrustOfLib = "/-/package/@acme%2flib/trust";
  accounts::Organization acme = add_organization("acme", alice);
};

TEST_F(MemberLeaves, AndTheirPublishersOfTheScopeEnd) {
  const std::string id = add(kScope, bob);
  const std::string token = publish_token("@acme/lib");
  set_member(acme, bob, std::nullopt);
  EXPECT_EQ(publish(token, "@acme/lib", "1.1.0").outcome(), "401 publish_token_invalid");
  const Answer refused = exchange(identity_token(), "@acme/lib");
  EXPECT_EQ(refused.outcome(), "403 publisher_expired");
  EXPECT_THAT(refused.text("message"), HasSubstr("left the organisation"));
  EXPECT_EQ(audit_detail("trust.publisher_end").at("because"), json::value("maker_left"));
  EXPECT_THAT(audited("trust.", acme.id), Contains("trust.publisher_end granted"));
  EXPECT_EQ(send(Method::post, std::string(kScope) + "/" + id + "/restore", bob).outcome(),
            "404 organization_not_found");
  EXPECT_EQ(send(Method::post, std::string(kScope) + "/" + id + "/restore", alice).status, 200);
  EXPECT_EQ(outcome("@acme/lib"), "201 ok");
}

TEST_F(MemberLeaves, AndThoseOfOthersStay) {
  add(kScope, alice);
  set_member(acme, bob, std::nullopt);
  EXPECT_EQ(outcome("@acme/lib"), "201 ok");
  EXPECT_THAT(audited("trust."), Not(Contains("trust.publisher_end granted")));
}

TEST_F(MemberLeaves, AndWhatTheyAddedToPackagesEndsUnlessItIsKept) {
  set_member(acme, carol, accounts::Role::admin);
  const std::string id = add(kTrustOfLib, bob), others = add(kTrustOfLib, carol, job(other_job()));
  ASSERT_EQ(publish(publish_token("@acme/lib"), "@acme/lib", "1.1.0").status, 201);
  set_member(acme, bob, std::nullopt);
  const Time until = clock_.now() + trust::kLeftLife;
  EXPECT_EQ(outcome("@acme/lib"), "201 ok");  // releases go on
  const json::value shown = of(id);
  EXPECT_EQ(shown.at("makerLeft"), json::value(true));
  EXPECT_EQ(shown.at("keepBy"), json::value(iso8601(until)));
  EXPECT_FALSE(of(others).as_object().contains("keepBy"));
  EXPECT_EQ(audit_detail("trust.publisher_left").at("ends_at"), json::value(iso8601(until)));
  EXPECT_EQ(audit_detail("trust.publisher_left").at("made_by"), json::value("bob"));
  clock_.set(until - trust::kWarnedBefore);
  ASSERT_TRUE(expire_publishers(*services_));
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(audited("trust.publisher_left", acme.id).size(), 2u);  // once more, in time
  clock_.set(until - 1ms);
  EXPECT_EQ(outcome("@acme/lib"), "201 ok");
  const std::string token = publish_token("@acme/lib");
  clock_.set(until);
  const Answer refused = exchange(identity_token(), "@acme/lib");
  EXPECT_EQ(refused.outcome(), "403 publisher_expired");
  EXPECT_THAT(refused.text("message"), HasSubstr("nobody has kept it"));
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(publish(token, "@acme/lib", "1.2.0").outcome(), "401 publish_token_invalid");
  EXPECT_EQ(audit_detail("trust.publisher_end").at("because"), json::value("not_kept"));
  EXPECT_EQ(exchange(identity_token(), "@acme/lib").outcome(), "403 publisher_expired");
}

TEST_F(MemberLeaves, AndWhatIsKeptStays) {
  const std::string id = add(kTrustOfLib, bob);
  ASSERT_EQ(publish(publish_token("@acme/lib"), "@acme/lib", "1.1.0").status, 201);
  set_member(acme, bob, std::nullopt);
  EXPECT_EQ(send(Method::post, std::string(kTrustOfLib) + "/" + id + "/keep", alice).status, 200);
  EXPECT_FALSE(of(id).as_object().contains("keepBy"));
  EXPECT_FALSE(of(id).as_object().contains("makerLeft"));
  clock_.advance(2 * trust::kLeftLife);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(outcome("@acme/lib"), "201 ok");
}

// A release proves a publisher, but nobody who could answer for it.
TEST_F(MemberLeaves, AndAReleaseKeepsNothing) {
  const std::string id = add(kTrustOfLib, bob);
  set_member(acme, bob, std::nullopt);
  ASSERT_EQ(publish(publish_token("@acme/lib"), "@acme/lib", "1.1.0").status, 201);
  EXPECT_FALSE(of(id).as_object().contains("expiresAt"));
  clock_.advance(trust::kLeftLife);
  EXPECT_EQ(outcome("@acme/lib"), "403 publisher_expired");
}

// An admin who is a member from now on decides about the scope no more: others answer for it.
TEST_F(MemberLeaves, OrIsNoAdminAnyMore) {
  const std::string id = add(kScope, bob);
  ASSERT_EQ(publish(publish_token("@acme/lib"), "@acme/lib", "1.1.0").status, 201);
  set_member(acme, bob, accounts::Role::member);
  const Time until = clock_.now() + trust::kLeftLife;
  EXPECT_EQ(outcome("@acme/lib"), "201 ok");  // releases go on
  EXPECT_EQ(listed(kScope, alice).at(0).at("makerLeft"), json::value(true));
  EXPECT_EQ(listed(kScope, alice).at(0).at("keepBy"), json::value(iso8601(until)));
  EXPECT_EQ(audit_detail("trust.publisher_left").at("made_by"), json::value("bob"));
  EXPECT_EQ(audited("trust.publisher_left", acme.id).size(), 1u);
  EXPECT_EQ(send(Method::post, std::string(kScope) + "/" + id + "/keep", alice).status, 200);
  EXPECT_FALSE(listed(kScope, alice).at(0).as_object().contains("makerLeft"));
  clock_.set(until + 1ms);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(outcome("@acme/lib"), "201 ok");
}

TEST_F(MemberLeaves, OrIsNoAdminAnyMoreAndNobodyKeepsIt) {
  const std::string id = add(kScope, bob);
  add(kScope, alice, job(other_job()));
  ASSERT_EQ(publish(publish_token("@acme/lib"), "@acme/lib", "1.1.0").status, 201);
  set_member(acme, bob, accounts::Role::member);
  EXPECT_FALSE(listed(kScope, alice).at(1).as_object().contains("keepBy"));
  clock_.advance(trust::kLeftLife);
  EXPECT_EQ(outcome("@acme/lib"), "403 publisher_expired");
  ASSERT_TRUE(expire_publishers(*services_));
  for (const json::value& ended : listed(std::string(kScope) + "/ended", alice)) {
    const bool theirs = ended.at("id") == json::value(id);
    EXPECT_EQ(ended.at("reason"), json::value(theirs ? "not_kept" : "unused"));
  }
  EXPECT_EQ(listed(std::string(kScope) + "/ended", alice).size(), 2u);
}

// Of a package they go on governing as its maintainer nothing changes.
TEST_F(MemberLeaves, OrIsNoAdminAnyMoreButMaintainsAPackage) {
  const std::string id = add(kTrustOfLib, bob),
                    hook = add("/-/package/@acme%2flib/hooks", bob, kHook);
  ASSERT_EQ(publish(bob.token, "@acme/his", "1.0.0", otp(bob)).status, 201);
  const std::string own = add("/-/package/@acme%2fhis/trust", bob),
                    own_hook = add("/-/package/@acme%2fhis/hooks", bob, kHook),
                    whole = add("/-/org/acme/hooks", bob, kHook);
  set_member(acme, bob, accounts::Role::member);
  EXPECT_TRUE(of(id).as_object().contains("keepBy"));
  EXPECT_FALSE(listed("/-/package/@acme%2fhis/trust", bob).at(0).as_object().contains("keepBy"));
  EXPECT_THAT(paused(hook), HasSubstr("bob"));
  EXPECT_THAT(paused(whole), HasSubstr("bob"));
  EXPECT_EQ(paused(own_hook), "");
  // Admin again, bob answers for it as anybody may who governs it.
  set_member(acme, bob, accounts::Role::admin);
  EXPECT_EQ(send(Method::post, std::string(kTrustOfLib) + "/" + id + "/keep", bob).status, 200);
  EXPECT_FALSE(of(id).as_object().contains("keepBy"));
}

TEST_F(MemberLeaves, AndTheirWebhooksPauseAtOnce) {
  ASSERT_EQ(publish(bob.token, "mine", "1.0.0", otp(bob)).status, 201);
  const std::string whole = add("/-/org/acme/hooks", bob, kHook),
                    one = add("/-/package/@acme%2flib/hooks", bob, kHook),
                    own = add("/-/package/mine/hooks", bob, kHook),
                    others = add("/-/org/acme/hooks", alice, kHook);
  set_member(acme, bob, std::nullopt);
  EXPECT_THAT(paused(whole), HasSubstr("bob"));
  EXPECT_THAT(paused(one), HasSubstr("bob"));
  EXPECT_EQ(paused(own), "");
  EXPECT_EQ(paused(others), "");
  EXPECT_EQ(audited("hook.pause", acme.id).size(), 2u);
}

}  // namespace
}  // namespace imp::registry::test
