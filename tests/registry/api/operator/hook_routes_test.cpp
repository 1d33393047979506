#include "hooks/outbox.h"
#include "registry/api/news/hook_fixture.h"
#include "registry/api/operator/hook_changes.h"

namespace imp::registry::test {
namespace {

using HookRoutesTest = HookTest;

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

// A scope's own publishers are no package's; what one prepares for a name is nobody else's.
// Somebody who leaves takes no ear with them.
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
