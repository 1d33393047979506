#include "registry/api/trust/pending_publishers.h"

#include "registry/api/registry_fixture.h"

namespace imp::registry::test {
namespace {

using namespace std::chrono_literals;

class PublisherEnd : public RegistryTest {
 protected:
  PublisherEnd() { EXPECT_EQ(publish(alice.token, "lib", "1.0.0", otp(alice)).status, 201); }

  Answer add() {
    const json::array body{json::object{{"type", "circleci"},
                                        {"claims", trust::test::publisher_claims()},
                                        {"permissions", {"createPackage"}}}};
    return ask({.method = Method::post,
                .target = "/-/package/lib/trust",
                .token = alice.token,
                .otp = otp(alice),
                .body = json::serialize(body)});
  }
  json::value listed() {
    return ask({.target = "/-/package/lib/trust", .token = alice.token, .otp = otp(alice)})
        .document();
  }
  std::string outcome() { return exchange(identity_token(), "lib").outcome(); }

  User alice = add_user("alice", true);
};

TEST_F(PublisherEnd, OneThatIsNeverUsedEndsAfterTwoDays) {
  const Answer made = add();
  const Time added = clock_.now();
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(listed().at(0).at("expiresAt"), json::value(iso8601(added + 48h)));
  clock_.set(added + 48h);
  const Answer refused = exchange(identity_token(), "lib");
  EXPECT_EQ(refused.outcome(), "403 publisher_expired");
  EXPECT_TRUE(refused.text("message").contains("never used"));
  // Housekeeping takes it away, and the reason stays known.
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(count("SELECT COUNT(*) FROM trusted_publisher"), 0);
  EXPECT_EQ(audited("trust.publisher_end"),
            std::vector<std::string>{"trust.publisher_end granted"});
  EXPECT_EQ(audit_detail("trust.publisher_end").at("because"), json::value("unused"));
  EXPECT_EQ(outcome(), "403 publisher_expired");
  ASSERT_EQ(add().status, 200);
  EXPECT_EQ(outcome(), "201 ok");
}

TEST_F(PublisherEnd, OneThatPublishedStays) {
  ASSERT_EQ(add().status, 200);
  clock_.advance(47h);
  ASSERT_EQ(publish(publish_token("lib"), "lib", "1.0.1").status, 201);
  EXPECT_FALSE(listed().at(0).as_object().contains("expiresAt"));
  clock_.advance(1000h);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(outcome(), "201 ok");
}

TEST_F(PublisherEnd, OneThatStagedStays) {
  ASSERT_EQ(add().status, 200);
  ASSERT_EQ(stage(publish_token("lib"), "lib", "1.0.1").status, 201);
  EXPECT_FALSE(listed().at(0).as_object().contains("expiresAt"));
}

// Any job that matches can ask for a token: what makes a publisher permanent is a release.
TEST_F(PublisherEnd, AnExchangeAloneDoesNotKeepOne) {
  ASSERT_EQ(add().status, 200);
  const std::string token = publish_token("lib");
  EXPECT_EQ(publish(token, "other", "1.0.0").outcome(), "403 other_package");  // no use of it
  EXPECT_TRUE(listed().at(0).as_object().contains("expiresAt"));
  clock_.advance(49h);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(outcome(), "403 publisher_expired");
}

TEST_F(PublisherEnd, TheOperatorMayLetThemBe) {
  services_->publisher_rules.unused_life = 0h;
  ASSERT_EQ(add().status, 200);
  EXPECT_FALSE(listed().at(0).as_object().contains("expiresAt"));
  clock_.advance(1000h);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(outcome(), "201 ok");
}

TEST_F(PublisherEnd, ANewOneCoolsDown) {
  services_->publisher_rules.cool_down = 24h;
  ASSERT_EQ(add().status, 200);
  const Time added = clock_.now();
  EXPECT_EQ(listed().at(0).at("usableFrom"), json::value(iso8601(added + 24h)));
  EXPECT_EQ(listed().at(0).at("expiresAt"), json::value(iso8601(added + 72h)));
  clock_.set(added + 24h - 1s);
  const Answer refused = exchange(identity_token(), "lib");
  EXPECT_EQ(refused.outcome(), "403 publisher_cooling_down");
  EXPECT_TRUE(refused.text("message").contains(time_text(added + 24h)));
  clock_.set(added + 24h);
  EXPECT_EQ(outcome(), "201 ok");
}

TEST_F(PublisherEnd, OneThatCoolsDownDoesNotHideAnother) {
  const std::string old = trust_job("lib", {true, true, false});
  ASSERT_TRUE(write([&](db::Session& session) {
    const auto claims =
        trust::test::required(trust::test::publisher_claims({trust::test::kContextA})).value();
    return trust::add_publisher(session, find_package(session, "lib")->id,
                                {claims, {true, true, false}, "circleci"}, "alice", clock_.now(),
                                {.usable_from = clock_.now() + 24h});
  }));
  EXPECT_EQ(outcome(), "201 ok");
  EXPECT_EQ(attempts("lib").front().publisher_id, old);
}

TEST_F(PublisherEnd, StrangersAreNotToldOfThoseThatEnded) {
  ASSERT_EQ(add().status, 200);
  clock_.advance(49h);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(exchange(identity_token(trust::test::claim("project-id"),
                                    trust::test::json_string(trust::test::kOther)),
                     "lib")
                .outcome(),
            "404 no_matching_publisher");
}

}  // namespace
}  // namespace imp::registry::test
