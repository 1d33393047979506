#include "registry/api/news/hook_events.h"

#include "hooks/hook.h"
#include "hooks/outbox.h"
#include "registry/api/news/hook_fixture.h"
#include "registry/api/staging/stage_expiry.h"
#include "registry/api/trust/pending_publishers.h"

namespace imp::registry::test {
namespace {

using HookEvents = HookTest;

TEST_F(HookEvents, EveryEventIsTold) {
  add(kPath, kHook);
  ASSERT_EQ(publish(alice.token, "@acme/lib", "1.0.1", otp(alice)).status, 201);
  EXPECT_EQ(told(), std::vector<std::string>{"version.published 1.0.1"});
  const auto staged = [&](const char* version) {
    clock_.advance(Milliseconds(1));
    return stage(bob.token, "@acme/lib", version).text("stageId");
  };
  const std::string approved = staged("1.1.0"), rejected = staged("1.2.0");
  const std::string withdrawn = staged("1.3.0");
  told();
  ASSERT_EQ(decide(Method::post, approved).status, 201);
  EXPECT_EQ(told(), (std::vector<std::string>{"release.approved 1.1.0", "release.published 1.1.0",
                                              "version.published 1.1.0"}));
  ASSERT_EQ(decide(Method::del, rejected, R"({"reason": "no"})").status, 204);
  EXPECT_EQ(told(), std::vector<std::string>{"release.rejected 1.2.0"});
  ASSERT_EQ(send(Method::post, "/-/stage/" + withdrawn + "/withdraw", bob.token, "").status, 200);
  EXPECT_EQ(told(), std::vector<std::string>{"release.withdrawn 1.3.0"});
  staged("1.4.0");
  told();
  clock_.advance(kStageLife);
  ASSERT_TRUE(expire_releases(*services_));
  EXPECT_EQ(told(), std::vector<std::string>{"release.expired 1.4.0"});
  change_publishers();
  const std::string unused =
      json::serialize(json::array{{{"type", "circleci"},
                                   {"claims", trust::test::publisher_claims()},
                                   {"permissions", {"createStagedPackage"}}}});
  ASSERT_EQ(
      send(Method::post, "/-/package/@acme%2flib/trust", alice.token, otp(alice), unused).status,
      200);
  for (const int hours : {36, 12}) {
    clock_.advance(std::chrono::hours(hours));
    ASSERT_TRUE(expire_publishers(*services_));
  }
  EXPECT_EQ(told(), (std::vector<std::string>{"publisher.added", "publisher.ending",
                                              "publisher.ended because unused"}));
  add("/-/org/acme/hooks", kHook);  // there is no webhook of a package that is not there
  add_publisher("/-/package/@acme%2fnew/trust", alice);
  ASSERT_EQ(publish(alice.token, "@acme/new", "1.0.0", otp(alice)).status, 201);
  EXPECT_EQ(told(), (std::vector<std::string>{"publisher.adopted in @acme/new",
                                              "version.published in @acme/new 1.0.0"}));
  const std::string kept = add_publisher("/-/package/@acme%2fnew/trust", alice,
                                         trust::test::github_publisher(), "github");
  ASSERT_EQ(exchange(github_token(), "@acme/new").outcome(), "201 ok");
  EXPECT_EQ(told(), (std::vector<std::string>{"publisher.added in @acme/new",
                                              "publisher.learnt in @acme/new"}));
  ASSERT_EQ(
      send(Method::post, "/-/package/@acme%2fnew/trust/" + kept + "/keep", alice.token, otp(alice))
          .status,
      200);
  EXPECT_EQ(told(), std::vector<std::string>{"publisher.kept in @acme/new"});
  // Who asks for one event alone waits for it: there is none that nothing tells.
  for (const std::string_view event : hook_events())
    EXPECT_TRUE(ever_told_.contains(event)) << event;
}

TEST_F(HookEvents, ChangesOfPublishersAreTold) {
  add(kPath, kHook);
  change_publishers();
}

TEST_F(HookEvents, PublishersThatEndUnusedAreTold) {
  add(kPath, kHook);
  const std::string body = json::serialize(json::array{{{"type", "circleci"},
                                                        {"claims", trust::test::publisher_claims()},
                                                        {"permissions", {"createStagedPackage"}}}});
  ASSERT_EQ(
      send(Method::post, "/-/package/@acme%2flib/trust", alice.token, otp(alice), body).status,
      200);
  told();
  clock_.advance(std::chrono::hours(36));
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(told(), std::vector<std::string>{"publisher.ending"});
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(told(), std::vector<std::string>{});  // once
  clock_.advance(std::chrono::hours(12));
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(told(), std::vector<std::string>{"publisher.ended because unused"});
}

TEST_F(HookEvents, PublishersOfAScopeAreToldToItsOrganisation) {
  add(kPath, kHook);
  add("/-/org/acme/hooks", kHook);
  const std::string body = json::serialize(json::array{{{"type", "circleci"},
                                                        {"claims", trust::test::publisher_claims()},
                                                        {"permissions", {"createStagedPackage"}}}});
  ASSERT_EQ(send(Method::post, "/-/org/acme/trust", alice.token, otp(alice), body).status, 200);
  EXPECT_EQ(told(), std::vector<std::string>{"publisher.added of @acme"});
  const std::string prepared =
      json::serialize(json::array{{{"type", "circleci"},
                                   {"claims", trust::test::publisher_claims()},
                                   {"permissions", {"createPackage"}}}});
  ASSERT_EQ(
      send(Method::post, "/-/package/@acme%2fnew/trust", alice.token, otp(alice), prepared).status,
      200);
  EXPECT_EQ(told(), std::vector<std::string>{});
}

TEST_F(HookEvents, WhatIsRefusedIsToldToNobody) {
  add(kPath, kHook);
  EXPECT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 403);
  EXPECT_EQ(stage(mallory.token, "@acme/lib", "1.1.0").status, 403);
  EXPECT_EQ(told(), std::vector<std::string>{});
}

TEST_F(HookEvents, OnlyWantedEventsAreTold) {
  add(kPath, R"({"url": "https://hooks.example/", "events": ["release.rejected"]})");
  const std::string id = stage(bob.token, "@acme/lib", "1.1.0").text("stageId");
  EXPECT_EQ(told(), std::vector<std::string>{});
  ASSERT_EQ(decide(Method::del, id).status, 204);
  EXPECT_EQ(told(), std::vector<std::string>{"release.rejected 1.1.0"});
}

// An admin who is an ordinary member now is paused by the next event, and that is on record.
TEST_F(HookEvents, PausingIsAudited) {
  set_member(acme, bob, accounts::Role::admin);
  for (const char* path : {kPath, "/-/org/acme/hooks"}) {
    ASSERT_EQ(send(Method::post, path, bob.token, otp(bob), kHook).status, 201);
  }
  set_member(acme, bob, accounts::Role::member);
  const auto pauses = [&] { return audited("hook.pause", acme.id).size(); };
  ASSERT_EQ(stage(alice.token, "@acme/lib", "1.1.0").status, 201);
  EXPECT_EQ(pauses(), 2U);
  EXPECT_EQ(audit_detail("hook.pause").at("made_by"), json::value("bob"));
  EXPECT_EQ(audit_detail("hook.pause").at("reason"),
            json::value("bob, who set it up, may not any more."));
  EXPECT_EQ(
      count("SELECT COUNT(DISTINCT subject) FROM audit_records WHERE action = 'hook.pause' AND "
            "subject IN ('package:@acme/lib', 'organization:acme')"),
      2);
  ASSERT_EQ(stage(alice.token, "@acme/lib", "1.2.0").status, 201);
  EXPECT_EQ(pauses(), 2U);  // once
}

TEST_F(HookEvents, OneThatTooMuchWaitsForIsPausedOnRecord) {
  add(kPath, kHook);
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    const hooks::Target target{hooks::Target::Kind::package, "@acme/lib"};
    const auto hook = hooks::hooks_of(session, target).at(0);
    for (std::int64_t i = 0; i < hooks::kMostWaiting; ++i) {
      EXPECT_EQ(hooks::queue(session, hook, "release.staged", {}, clock_.now()), "");
    }
    return {};
  }));
  ASSERT_EQ(stage(alice.token, "@acme/lib", "1.1.0").status, 201);
  EXPECT_EQ(audit_detail("hook.pause").at("reason"), json::value("1000 deliveries wait already."));
  EXPECT_FALSE(get(kPath, alice.token).document().at(0).at("paused").is_null());
}

TEST_F(HookEvents, TheWebhookOfSomebodyWhoLeftIsPaused) {
  set_member(acme, bob, accounts::Role::admin);
  const Answer made = send(Method::post, kPath, bob.token, otp(bob), kHook);
  ASSERT_EQ(made.status, 201) << made.body;
  set_member(acme, bob, std::nullopt);
  ASSERT_EQ(stage(alice.token, "@acme/lib", "1.1.0").status, 201);
  EXPECT_EQ(told(), std::vector<std::string>{});
  const json::value listed = get(kPath, alice.token).document().at(0);
  EXPECT_EQ(listed.at("paused"), json::value("bob, who set it up, may not any more."));
  // Somebody else takes it over.
  ASSERT_EQ(
      send(Method::put, std::string(kPath) + "/" + made.text("id"), alice.token, otp(alice), kHook)
          .status,
      200);
  ASSERT_EQ(stage(alice.token, "@acme/lib", "1.2.0").status, 201);
  EXPECT_EQ(told(), std::vector<std::string>{"release.staged 1.2.0"});
}

}  // namespace
}  // namespace imp::registry::test
