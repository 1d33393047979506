#include "registry/packages/publish_switches.h"

#include "registry/api/registry_fixture.h"

namespace imp::registry::test {
namespace {

using namespace std::chrono_literals;

class PublishSwitches : public RegistryTest {
 protected:
  PublishSwitches() {
    EXPECT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
    trust_job("@acme/lib", {true, true, false});
  }

  Answer set(std::string path, const User& user, std::string_view which, bool on) {
    return ask({.method = Method::put,
                .target = std::move(path) + "/publish-switches",
                .token = user.token,
                .otp = otp(user),
                .body = json::serialize(json::object{{which, on}})});
  }
  Answer set_package(std::string_view which, bool on) { return set(kLib, alice, which, on); }
  Answer set_scope(std::string_view which, bool on) { return set(kAcme, alice, which, on); }
  json::value state(std::string_view which, const std::string& path = kLib) {
    return get(path + "/publish-switches", alice.token).document().at(which);
  }
  std::string by_person(std::string_view version) {
    return publish(alice.token, "@acme/lib", version, otp(alice)).outcome();
  }
  std::string by_pipeline(std::string_view version) {
    return publish(publish_token("@acme/lib"), "@acme/lib", version).outcome();
  }
  std::string bypassing(std::string_view version) {
    accounts::NewToken token;
    token.name = "bypass-" + std::string(version);
    token.reach = accounts::full_reach();
    token.bypass_2fa = true;
    return publish(granular_token(alice, token), "@acme/lib", version).outcome();
  }

  static inline const std::string kLib = "/-/package/@acme%2flib", kAcme = "/-/org/acme";
  User alice = add_user("alice", true);
  accounts::Organization acme = add_organization("acme", alice);
};

TEST_F(PublishSwitches, TrustedOnlyRefusesEveryPersonWithAndWithoutACode) {
  ASSERT_EQ(set_package("trustedOnly", true).status, 200);
  EXPECT_EQ(by_person("1.1.0"), "403 trusted_publishing_only");
  EXPECT_EQ(stage(alice.token, "@acme/lib", "1.1.0").outcome(), "403 trusted_publishing_only");
  EXPECT_EQ(by_pipeline("1.1.0"), "201 ok");
  EXPECT_EQ(stage(publish_token("@acme/lib"), "@acme/lib", "1.2.0").status, 201);
  EXPECT_EQ(audited("switch."), std::vector<std::string>{"switch.on granted"});
}

// What was staged by a person before the switch is not let through by its approval.
TEST_F(PublishSwitches, TrustedOnlyHoldsAtApproval) {
  const Answer staged = stage(alice.token, "@acme/lib", "1.1.0");
  ASSERT_EQ(staged.status, 201);
  ASSERT_EQ(set_package("trustedOnly", true).status, 200);
  EXPECT_EQ(ask({.method = Method::post,
                 .target = "/-/stage/" + staged.text("stageId") + "/approve",
                 .token = alice.token,
                 .otp = otp(alice)})
                .outcome(),
            "403 trusted_publishing_only");
}

TEST_F(PublishSwitches, StagedOnlyRefusesDirectPublishesOfAll) {
  ASSERT_EQ(set_package("stagedOnly", true).status, 200);
  const Answer refused = publish(alice.token, "@acme/lib", "1.1.0", otp(alice));
  EXPECT_EQ(refused.outcome(), "403 staged_publishing_only");
  EXPECT_TRUE(refused.text("message").contains("npm stage publish"));
  EXPECT_EQ(by_pipeline("1.1.0"), "403 staged_publishing_only");
  const Answer staged = stage(publish_token("@acme/lib"), "@acme/lib", "1.1.0");
  ASSERT_EQ(staged.status, 201);
  EXPECT_EQ(ask({.method = Method::post,
                 .target = "/-/stage/" + staged.text("stageId") + "/approve",
                 .token = alice.token,
                 .otp = otp(alice)})
                .status,
            201);
}

// Who would be refused there as well is not sent to stage.
TEST_F(PublishSwitches, OfSeveralTheOneThatNoOtherWayGetsPastIsTold) {
  ASSERT_EQ(set_package("stagedOnly", true).status, 200);
  ASSERT_EQ(set_package("trustedOnly", true).status, 200);
  EXPECT_EQ(by_person("1.1.0"), "403 trusted_publishing_only");
  EXPECT_EQ(by_pipeline("1.1.0"), "403 staged_publishing_only");
}

TEST_F(PublishSwitches, SecondFactorCountsForTokensThatBypassItToo) {
  EXPECT_EQ(bypassing("1.1.0"), "201 ok");
  ASSERT_EQ(set_package("secondFactor", true).status, 200);
  EXPECT_EQ(bypassing("1.2.0"), "403 publish_factor_required");
  EXPECT_EQ(by_person("1.2.0"), "201 ok");
  EXPECT_EQ(by_pipeline("1.3.0"), "201 ok");  // an identity token is nobody's credential to keep
  const User bob = add_user("bob");
  set_member(acme, bob, accounts::Role::member);
  EXPECT_EQ(publish(bob.token, "@acme/lib", "1.4.0").outcome(), "403 publish_factor_required");
}

TEST_F(PublishSwitches, RelaxingCoolsDownAndCanBeStayed) {
  ASSERT_EQ(set_package("trustedOnly", true).status, 200);
  ASSERT_EQ(set_package("trustedOnly", false).status, 200);
  const Time relaxed = clock_.now();
  EXPECT_EQ(state("trustedOnly").at("endsAt"), json::value(iso8601(relaxed + 24h)));
  EXPECT_EQ(state("trustedOnly").at("on"), json::value(true));
  EXPECT_EQ(by_person("1.1.0"), "403 trusted_publishing_only");
  clock_.set(relaxed + 12h);
  ASSERT_EQ(set_package("trustedOnly", false).status, 200);  // again, and no later for it
  EXPECT_EQ(state("trustedOnly").at("endsAt"), json::value(iso8601(relaxed + 24h)));
  ASSERT_EQ(set_package("trustedOnly", true).status, 200);  // stayed
  clock_.set(relaxed + 30h);
  EXPECT_EQ(by_person("1.1.0"), "403 trusted_publishing_only");
  ASSERT_EQ(set_package("trustedOnly", false).status, 200);
  clock_.advance(24h);
  EXPECT_EQ(state("trustedOnly").at("on"), json::value(false));
  EXPECT_EQ(by_person("1.1.0"), "201 ok");
}

TEST_F(PublishSwitches, TheOperatorMayLetThemEndAtOnce) {
  services_->switch_cool_down = 0h;
  ASSERT_EQ(set_package("stagedOnly", true).status, 200);
  ASSERT_EQ(set_package("stagedOnly", false).status, 200);
  EXPECT_EQ(by_person("1.1.0"), "201 ok");
}

TEST_F(PublishSwitches, TheScopeBindsItsPackagesAlsoNewOnes) {
  ASSERT_EQ(set_scope("trustedOnly", true).status, 200);
  EXPECT_EQ(by_person("1.1.0"), "403 trusted_publishing_only");
  EXPECT_EQ(publish(alice.token, "@acme/new", "1.0.0", otp(alice)).outcome(),
            "403 trusted_publishing_only");
  EXPECT_EQ(state("trustedOnly").at("scope"), json::value(true));
  EXPECT_EQ(set_package("trustedOnly", false).outcome(), "409 switch_of_scope");
  EXPECT_EQ(publish(alice.token, "unscoped", "1.0.0", otp(alice)).status, 201);
}

TEST_F(PublishSwitches, WhoGovernsChangesThemWithASecondFactor) {
  const User bob = add_user("bob", true);
  EXPECT_EQ(set(kLib, bob, "stagedOnly", true).outcome(), "403 package_not_permitted");
  set_member(acme, bob, accounts::Role::member);
  EXPECT_EQ(set(kLib, bob, "stagedOnly", true).outcome(), "403 package_not_permitted");
  EXPECT_EQ(set(kAcme, bob, "stagedOnly", true).outcome(), "403 package_not_permitted");
  EXPECT_EQ(ask({.method = Method::put,
                 .target = kLib + "/publish-switches",
                 .token = alice.token,
                 .body = R"({"stagedOnly": true})"})
                .outcome(),
            "401 second_factor_required");
  EXPECT_EQ(set_package("everything", true).outcome(), "400 invalid_switches");
  EXPECT_TRUE(counted(R"(registry_refusals_total{action="switch.set",code="invalid_switches"} 1)"));
  EXPECT_EQ(set("/-/package/unknown", alice, "stagedOnly", true).outcome(),
            "404 package_not_found");
  EXPECT_EQ(by_person("1.1.0"), "201 ok");
}

// The upload began before, and is judged by what holds when it ends.
TEST_F(PublishSwitches, AreAskedInThePublishTransaction) {
  const Answer answer =
      ask({.method = Method::put,
           .target = "/@acme%2flib",
           .token = alice.token,
           .otp = otp(alice),
           .body = document("@acme/lib", "1.1.0"),
           .meanwhile = [&] { ASSERT_EQ(set_package("stagedOnly", true).status, 200); }});
  EXPECT_EQ(answer.outcome(), "403 staged_publishing_only");
}

TEST_F(PublishSwitches, TagsAndDeprecationsAreNotCovered) {
  ASSERT_EQ(set_scope("trustedOnly", true).status, 200);
  EXPECT_EQ(ask({.method = Method::put,
                 .target = "/-/package/@acme%2flib/dist-tags/beta",
                 .token = alice.token,
                 .otp = otp(alice),
                 .body = "\"1.0.0\""})
                .status,
            200);
}

TEST_F(PublishSwitches, NpmAccessSetMfaIsTheSecondFactorSwitch) {
  const auto mfa = [&](const char* body) {
    return ask({.method = Method::post,
                .target = "/-/package/@acme%2flib/access",
                .token = alice.token,
                .otp = otp(alice),
                .body = body})
        .status;
  };
  services_->switch_cool_down = 0h;
  ASSERT_EQ(mfa(R"({"publish_requires_tfa":true,"automation_token_overrides_tfa":false})"), 200);
  EXPECT_EQ(bypassing("1.1.0"), "403 publish_factor_required");
  ASSERT_EQ(mfa(R"({"publish_requires_tfa":true,"automation_token_overrides_tfa":true})"), 200);
  EXPECT_EQ(bypassing("1.1.0"), "201 ok");
  ASSERT_EQ(mfa(R"({"publish_requires_tfa":false})"), 200);
  EXPECT_EQ(mfa(R"({"publish_requires_tfa":"yes"})"), 400);
}

}  // namespace
}  // namespace imp::registry::test
