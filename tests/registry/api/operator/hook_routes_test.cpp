#include <array>
#include <set>

#include "hooks/outbox.h"
#include "registry/api/operator/hook_changes.h"
#include "registry/api/operator/hook_events.h"
#include "registry/api/registry_fixture.h"
#include "registry/api/staging/stage_expiry.h"
#include "registry/api/trust/pending_publishers.h"
#include "registry/api/trust/trust_changes.h"

namespace imp::registry::test {
namespace {

/// @acme/lib, which alice governs and bob may publish.
class HookRoutesTest : public RegistryTest {
 protected:
  HookRoutesTest() {
    acme = add_organization("acme", alice);
    set_member(acme, bob, accounts::Role::member);
    EXPECT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
  }

  Answer send(Method method, const std::string& path, const std::string& token, std::string otp,
              std::string body = {}) {
    return ask({.method = method,
                .target = path,
                .token = token,
                .otp = std::move(otp),
                .body = std::move(body)});
  }
  Answer add(const std::string& path, std::string body) {
    Answer answer = send(Method::post, path, alice.token, otp(alice), std::move(body));
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer;
  }
  /// "type version", or "type of @scope", of what waits to be delivered, in order, and nothing
  /// waits afterwards.
  std::vector<std::string> told() {
    std::vector<std::string> lines;
    write([&](db::Session& session) -> Result<void> {
      for (const db::Row& row : session.rows("SELECT body FROM hook_delivery ORDER BY seq")) {
        const json::value body = json::parse(row.text(0));
        ever_told_.emplace(body.at("type").as_string());
        const json::object& data = body.at("data").as_object();
        std::string line(body.at("type").as_string());
        if (const auto* scope = data.if_contains("scope")) {
          line += " of " + std::string(scope->as_string());
          EXPECT_FALSE(data.contains("package"));
        } else {
          EXPECT_EQ(data.at("package"), json::value("@acme/lib"));
        }
        if (const auto* version = data.if_contains("version")) {
          line += " " + std::string(version->as_string());
        }
        lines.push_back(std::move(line));
      }
      session.run("DELETE FROM hook_delivery");
      return {};
    });
    return lines;
  }
  /// Adds a publisher, changes it and removes it, each of which is told.
  void change_publishers() {
    const std::string body =
        json::serialize(json::array{{{"type", "circleci"},
                                     {"claims", trust::test::publisher_claims()},
                                     {"permissions", {"createStagedPackage"}}}});
    const Answer added =
        send(Method::post, "/-/package/@acme%2flib/trust", alice.token, otp(alice), body);
    ASSERT_EQ(added.status, 200) << added.body;
    EXPECT_EQ(told(), std::vector<std::string>{"publisher.added"});
    json::object applied{
        {"packages", json::array{{{"package", "@acme/lib"}, {"publishers", json::parse(body)}}}}};
    applied["packages"].at(0).at("publishers").at(0).at("permissions") =
        json::array{"createPackage"};
    ASSERT_EQ(
        send(Method::put, "/-/trust/publishers", alice.token, otp(alice), json::serialize(applied))
            .status,
        200);
    EXPECT_EQ(told(), std::vector<std::string>{"publisher.changed"});
    const std::string id(added.document().at(0).at("id").as_string());
    ASSERT_EQ(
        send(Method::del, "/-/package/@acme%2flib/trust/" + id, alice.token, otp(alice)).status,
        204);
    EXPECT_EQ(told(), std::vector<std::string>{"publisher.removed"});
  }
  Answer decide(Method method, const std::string& id, std::string body = {}) {
    return send(method, "/-/stage/" + id + (method == Method::post ? "/approve" : ""), alice.token,
                otp(alice), std::move(body));
  }

  static constexpr const char* kPath = "/-/package/@acme%2flib/hooks";
  static constexpr const char* kHook = R"({"url": "https://hooks.example/x"})";
  User alice = add_user("alice", true), bob = add_user("bob", true),
       mallory = add_user("mallory", true);
  accounts::Organization acme;
  std::set<std::string, std::less<>> ever_told_;
};

TEST_F(HookRoutesTest, AreSetUpChangedAndRemovedByThoseWhoGovern) {
  const Answer made =
      add(kPath, R"({"url": "https://hooks.example/x", "events": ["release.staged"]})");
  const std::string secret = made.text("secret"), id = made.text("id");
  EXPECT_TRUE(hooks::secret_bytes(secret));
  const Answer list = get(kPath, alice.token);
  EXPECT_EQ(list.document().at(0).at("url"), json::value("https://hooks.example/x"));
  EXPECT_EQ(list.document().at(0).at("createdBy"), json::value("alice"));
  // Shown once, and stored sealed.
  EXPECT_FALSE(list.body.contains(secret.substr(6)));
  EXPECT_EQ(count("SELECT COUNT(*) FROM hook WHERE secret LIKE '%" + secret + "%'"), 0);
  const std::string one = std::string(kPath) + "/" + id;
  const Answer changed = send(Method::put, one, alice.token, otp(alice),
                              R"({"url": "https://other.example/", "events": []})");
  EXPECT_EQ(changed.text("url"), "https://other.example/");
  EXPECT_EQ(send(Method::del, one, alice.token, otp(alice)).status, 204);
  EXPECT_EQ(send(Method::del, one, alice.token, otp(alice)).outcome(), "404 hook_not_found");
  EXPECT_EQ(
      audited("hook.", acme.id),
      (std::vector<std::string>{"hook.add granted", "hook.change granted", "hook.remove granted"}));
}

TEST_F(HookRoutesTest, NobodyElseSeesOrChangesThem) {
  const std::string one = std::string(kPath) + "/" + add(kPath, kHook).text("id");
  trust_job("@acme/lib", {true, true, true});
  const std::string token = publish_token("@acme/lib");
  struct Case {
    std::string token, outcome;
  };
  for (const Case& it :
       {Case{"", "401 not_signed_in"}, Case{bob.token, "403 package_not_permitted"},
        Case{mallory.token, "403 package_not_permitted"},
        Case{token, "403 publish_token_forbidden"}}) {
    EXPECT_EQ(get(kPath, it.token).outcome(), it.outcome);
    EXPECT_EQ(send(Method::post, kPath, it.token, "", kHook).outcome(), it.outcome);
    EXPECT_EQ(send(Method::put, one, it.token, "", kHook).outcome(), it.outcome);
    EXPECT_EQ(send(Method::del, one, it.token, "").outcome(), it.outcome);
    EXPECT_EQ(get(one + "/deliveries", it.token).outcome(), it.outcome);
    EXPECT_EQ(send(Method::post, one + "/deliveries/x", it.token, "").outcome(), it.outcome);
  }
  // A second factor for changes.
  EXPECT_EQ(send(Method::post, kPath, alice.token, "", kHook).outcome(),
            "401 second_factor_required");
  EXPECT_EQ(send(Method::del, one, alice.token, "").outcome(), "401 second_factor_required");
  // Another package's is none of this one's.
  ASSERT_EQ(publish(alice.token, "@acme/other", "1.0.0", otp(alice)).status, 201);
  std::string other = one;
  other.replace(other.find("lib"), 3, "other");
  EXPECT_EQ(send(Method::del, other, alice.token, otp(alice)).outcome(), "404 hook_not_found");
  EXPECT_EQ(get(other + "/deliveries", alice.token).outcome(), "404 hook_not_found");
}

TEST_F(HookRoutesTest, AnOrganisationsAreItsAdmins) {
  const std::string path = "/-/org/acme/hooks";
  add(path, kHook);
  EXPECT_EQ(get(path, bob.token).outcome(), "403 package_not_permitted");
  EXPECT_EQ(get(path, mallory.token).outcome(), "404 organization_not_found");
  EXPECT_EQ(get("/-/org/none/hooks", alice.token).outcome(), "404 organization_not_found");
  ASSERT_EQ(stage(bob.token, "@acme/lib", "1.1.0").status, 201);
  EXPECT_EQ(told(), std::vector<std::string>{"release.staged 1.1.0"});
}

TEST_F(HookRoutesTest, OddOnesAreRefusedBeforeACodeIsUsed) {
  for (const char* body : {"", "[]", "{}", R"({"url": 1})", R"({"url": "http://hooks.example/"})",
                           R"({"url": "https://hooks.example/", "events": ["no.such"]})",
                           R"({"url": "https://hooks.example/", "events": "release.staged"})",
                           R"({"url": "https://hooks.example/", "secret": "short"})",
                           R"({"url": "https://hooks.example/", "other": true})"}) {
    EXPECT_EQ(send(Method::post, kPath, alice.token, "", body).outcome(), "400 invalid_hook")
        << body;
  }
  for (std::size_t i = 0; i < hooks::kMostHooks; ++i) add(kPath, kHook);
  EXPECT_EQ(send(Method::post, kPath, alice.token, otp(alice), kHook).outcome(),
            "409 too_many_hooks");
}

TEST_F(HookRoutesTest, EveryEventIsTold) {
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
  EXPECT_EQ(told(),
            (std::vector<std::string>{"publisher.added", "publisher.ending", "publisher.ended"}));
  // Who asks for one event alone waits for it: there is none that nothing tells.
  for (const std::string_view event : hook_events())
    EXPECT_TRUE(ever_told_.contains(event)) << event;
}

TEST_F(HookRoutesTest, ChangesOfPublishersAreTold) {
  add(kPath, kHook);
  change_publishers();
}

TEST_F(HookRoutesTest, PublishersThatEndUnusedAreTold) {
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
  EXPECT_EQ(told(), std::vector<std::string>{"publisher.ended"});
}

// A scope's own publishers are no package's; what one prepares for a name is nobody else's.
TEST_F(HookRoutesTest, PublishersOfAScopeAreToldToItsOrganisation) {
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

TEST_F(HookRoutesTest, WhatIsRefusedIsToldToNobody) {
  add(kPath, kHook);
  EXPECT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 403);
  EXPECT_EQ(stage(mallory.token, "@acme/lib", "1.1.0").status, 403);
  EXPECT_EQ(told(), std::vector<std::string>{});
}

TEST_F(HookRoutesTest, OnlyWantedEventsAreTold) {
  add(kPath, R"({"url": "https://hooks.example/", "events": ["release.rejected"]})");
  const std::string id = stage(bob.token, "@acme/lib", "1.1.0").text("stageId");
  EXPECT_EQ(told(), std::vector<std::string>{});
  ASSERT_EQ(decide(Method::del, id).status, 204);
  EXPECT_EQ(told(), std::vector<std::string>{"release.rejected 1.1.0"});
}

// Somebody who leaves takes no ear with them.
TEST_F(HookRoutesTest, TheWebhookOfSomebodyWhoLeftIsPaused) {
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

TEST_F(HookRoutesTest, DeliveriesAreListedAndSentAgain) {
  const std::string one = std::string(kPath) + "/" + add(kPath, kHook).text("id");
  ASSERT_EQ(stage(bob.token, "@acme/lib", "1.1.0").status, 201);
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    session.run(
        "UPDATE hook_delivery SET state = 'failed', attempts = 8, next_at = NULL, "
        "last_status = 500, last_answer = 'oops'");
    return {};
  }));
  const json::value delivery = get(one + "/deliveries", alice.token).document().at(0);
  EXPECT_EQ(delivery.at("state"), json::value("failed"));
  EXPECT_EQ(delivery.at("status"), json::value(500));
  EXPECT_EQ(delivery.at("answer"), json::value("oops"));
  const std::string id(delivery.at("id").as_string());
  const Answer again = send(Method::post, one + "/deliveries/" + id, alice.token, "");
  EXPECT_EQ(again.outcome(), "202 ok");
  EXPECT_EQ(again.text("state"), "pending");
  EXPECT_EQ(send(Method::post, one + "/deliveries/none", alice.token, "").outcome(),
            "404 delivery_not_found");
  // Of one that is paused nothing is sent, and that is said.
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    session.run("UPDATE hook SET paused = 'So.'");
    return {};
  }));
  EXPECT_EQ(send(Method::post, one + "/deliveries/" + id, alice.token, "").outcome(),
            "409 hook_paused");
  clock_.advance(hooks::kLogLife);
  ASSERT_TRUE(tidy_hooks(*services_));
  EXPECT_EQ(count("SELECT COUNT(*) FROM hook_delivery"), 1);  // it waits
}

}  // namespace
}  // namespace imp::registry::test
