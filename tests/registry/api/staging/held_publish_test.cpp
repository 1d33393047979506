#include <fmt/format.h>

#include <atomic>
#include <latch>
#include <memory>
#include <thread>

#include "registry/api/registry_fixture.h"
#include "registry/trust/publisher.h"

namespace imp::registry::test {
namespace {

using namespace std::chrono_literals;

/// Two packages that trust the same job, under limits that tests set.
class HeldPublish : public RegistryTest {
 protected:
  HeldPublish() {
    for (const char* name : {"@alice/lib", "@alice/other"}) {
      EXPECT_EQ(publish(alice.token, name, "1.0.0", otp(alice)).status, 201);
      trust_job(name, {true, false, false});
    }
  }
  Answer publish_by_job(std::string_view name, std::string_view version) {
    return publish(publish_token(name), name, version);
  }
  bool live(const std::string& version, const std::string& name = "@alice%2flib") {
    return get("/" + name).document().at("versions").as_object().contains(version);
  }
  std::int64_t held() {
    return count("SELECT COUNT(*) FROM staged_release WHERE held_reason <> ''");
  }

  void forget() {
    EXPECT_TRUE(write([&](db::Session& session) -> Result<void> {
      forget_publishes(session, clock_.now());
      return {};
    }));
  }

  User alice = add_user("alice", true);
};

TEST_F(HeldPublish, WithoutLimitsNothingIsCounted) {
  for (int n = 1; n <= 5; ++n) {
    EXPECT_EQ(publish_by_job("@alice/lib", fmt::format("1.0.{}", n)).status, 201);
  }
  EXPECT_EQ(count("SELECT COUNT(*) FROM recent_publish"), 0);
}

TEST_F(HeldPublish, OneTooManyWaitsForAPersonAndSaysSo) {
  services_->publish_limits.per_publisher = 2;
  EXPECT_EQ(publish_by_job("@alice/lib", "1.1.0").status, 201);
  EXPECT_EQ(publish_by_job("@alice/lib", "1.2.0").status, 201);
  clock_.advance(1ms);
  const std::string token = publish_token("@alice/lib");
  clock_.advance(1ms);
  const Answer answer = publish(token, "@alice/lib", "1.3.0");
  EXPECT_EQ(answer.status, 202) << answer.body;
  EXPECT_EQ(answer.header("npm-notice"), answer.text("message"));
  EXPECT_TRUE(answer.text("message").contains("1.3.0 is not published"));
  const std::string id = answer.text("stageId");
  EXPECT_TRUE(answer.text("message").contains("npm stage approve " + id));
  EXPECT_TRUE(live("1.2.0"));
  EXPECT_FALSE(live("1.3.0"));
  const json::value item = get("/-/stage/" + id, alice.token).document();
  EXPECT_TRUE(item.at("heldReason").as_string().starts_with("It was one more than the 2"));
  EXPECT_EQ(item.at("actorType"), json::value("trusted automation"));
  EXPECT_EQ(attempts("@alice/lib").front().outcome, "held");
  EXPECT_EQ(audited("package.hold"), std::vector<std::string>{"package.hold granted"});
  // Its approval is a person's decision, and counts for nobody.
  EXPECT_EQ(ask({.method = Method::post,
                 .target = "/-/stage/" + id + "/approve",
                 .token = alice.token,
                 .otp = otp(alice)})
                .status,
            201);
  EXPECT_TRUE(live("1.3.0"));
  EXPECT_EQ(held(), 0);
  EXPECT_EQ(count("SELECT COUNT(*) FROM recent_publish"), 2);
}

// Each keeps a tarball for two weeks, and somebody has to look at it.
TEST_F(HeldPublish, TheHundredAndFirstIsRefused) {
  services_->publish_limits.per_publisher = 1;
  EXPECT_EQ(publish_by_job("@alice/lib", "1.1.0").status, 201);
  ASSERT_EQ(publish_by_job("@alice/lib", "1.2.0").status, 202);
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    for (int n = 2; n <= kMostStaged; ++n) {
      session.run(
          "INSERT INTO staged_release SELECT :p1, package_id, package_name, :p2, sha512, "
          "candidate, "
          "publisher_name, publisher_email, trusted_id, trusted_config, run, access, created_at, "
          "behind, held_reason, expires_at, policy_change FROM staged_release WHERE version = "
          "'1.2.0'",
          {fmt::format("id-{}", n), fmt::format("2.0.{}", n)});
    }
    return {};
  }));
  EXPECT_EQ(publish_by_job("@alice/lib", "1.3.0").outcome(), "409 too_many_staged");
  EXPECT_EQ(stage(alice.token, "@alice/lib", "1.4.0").outcome(), "409 too_many_staged");
  EXPECT_EQ(held(), kMostStaged);
  EXPECT_EQ(stage(alice.token, "@alice/other", "1.4.0").status, 201);
}

TEST_F(HeldPublish, AnHourLaterThereIsRoomAgain) {
  services_->publish_limits.per_publisher = 2;
  EXPECT_EQ(publish_by_job("@alice/lib", "1.1.0").status, 201);
  clock_.advance(30min);
  EXPECT_EQ(publish_by_job("@alice/lib", "1.2.0").status, 201);
  clock_.advance(30min - 1ms);
  EXPECT_EQ(publish_by_job("@alice/lib", "1.3.0").status, 202);
  clock_.advance(1ms);
  EXPECT_EQ(publish_by_job("@alice/lib", "1.4.0").status, 201);
  EXPECT_EQ(publish_by_job("@alice/lib", "1.5.0").status, 202);
}

TEST_F(HeldPublish, ARepositoryIsCountedOverAllItsPackages) {
  services_->publish_limits.per_repository = 2;
  EXPECT_EQ(publish_by_job("@alice/lib", "1.1.0").status, 201);
  EXPECT_EQ(publish_by_job("@alice/other", "1.1.0").status, 201);
  const Answer answer = publish_by_job("@alice/lib", "1.2.0");
  EXPECT_EQ(answer.status, 202);
  EXPECT_TRUE(answer.text("message").contains(trust::test::kProject));
  // A person has no repository.
  EXPECT_EQ(publish(alice.token, "@alice/lib", "1.3.0", otp(alice)).status, 201);
}

TEST_F(HeldPublish, APersonIsAPublisherToo) {
  services_->publish_limits.per_publisher = 1;
  EXPECT_EQ(publish(alice.token, "@alice/lib", "1.1.0", otp(alice)).status, 201);
  EXPECT_EQ(publish(alice.token, "@alice/other", "1.1.0", otp(alice)).status, 202);
  EXPECT_EQ(publish(alice.token, "@alice/new", "1.0.0", otp(alice)).status, 202);
  EXPECT_EQ(publish_by_job("@alice/lib", "1.2.0").status, 201);
}

// npm repeats a PUT that got no answer.
TEST_F(HeldPublish, TheClientsRetryIsNeitherCountedNorHeldAgain) {
  services_->publish_limits.per_publisher = 1;
  const std::string token = publish_token("@alice/lib");
  EXPECT_EQ(publish(token, "@alice/lib", "1.1.0").status, 201);
  // As after a restart: what was answered is not known, so this may be the client's retry.
  std::destroy_at(&recent_publishes_);
  std::construct_at(&recent_publishes_, clock_);
  EXPECT_EQ(publish(token, "@alice/lib", "1.1.0").status, 201);
  EXPECT_EQ(count("SELECT COUNT(*) FROM recent_publish"), 1);
  const std::string next = publish_token("@alice/lib");
  const Answer first = publish(next, "@alice/lib", "1.2.0");
  EXPECT_EQ(first.status, 202);
  const Answer again = publish(next, "@alice/lib", "1.2.0");
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(again.text("stageId"), first.text("stageId"));
  EXPECT_EQ(held(), 1);
  // Another publisher's is no retry.
  EXPECT_EQ(publish(alice.token, "@alice/lib", "1.2.0", otp(alice)).outcome(),
            "409 version_staged");
}

TEST_F(HeldPublish, ARejectedOneLeavesNothingBehind) {
  services_->publish_limits.per_publisher = 1;
  EXPECT_EQ(publish_by_job("@alice/lib", "1.1.0").status, 201);
  const std::string id = publish_by_job("@alice/lib", "1.2.0").text("stageId");
  EXPECT_EQ(ask({.method = Method::del,
                 .target = "/-/stage/" + id,
                 .token = alice.token,
                 .otp = otp(alice)})
                .status,
            204);
  EXPECT_EQ(held(), 0);
  clock_.advance(1h);
  EXPECT_EQ(publish_by_job("@alice/lib", "1.2.0").status, 201);
}

TEST_F(HeldPublish, WhatIsRefusedIsNotCounted) {
  services_->publish_limits.per_publisher = 1;
  EXPECT_EQ(publish_by_job("@alice/lib", "1.0.0").outcome(), "403 version_already_published");
  EXPECT_EQ(publish_by_job("@alice/lib", "1.1.0").status, 201);
}

TEST_F(HeldPublish, OfManyAtOnceTheLimitIsPublishedAndTheRestHeld) {
  services_->publish_limits.per_publisher = 3;
  constexpr int kThreads = 8;
  std::vector<std::string> tokens;
  for (int n = 0; n < kThreads; ++n) tokens.push_back(publish_token("@alice/lib"));
  std::atomic<int> published = 0, staged = 0;
  std::latch start(kThreads);
  std::vector<std::jthread> threads;
  for (int n = 0; n < kThreads; ++n) {
    threads.emplace_back([&, n] {
      start.arrive_and_wait();
      const auto& token = tokens[static_cast<std::size_t>(n)];
      const int status = publish(token, "@alice/lib", fmt::format("2.0.{}", n)).status;
      ++(status == 201 ? published : staged);
    });
  }
  threads.clear();
  EXPECT_EQ(published, 3);
  EXPECT_EQ(staged, kThreads - 3);
  EXPECT_EQ(held(), kThreads - 3);
}

// What is kept is little, however long the history is.
TEST_F(HeldPublish, WhatIsOlderThanTwoHoursIsForgotten) {
  services_->publish_limits.per_publisher = 5;
  EXPECT_EQ(publish_by_job("@alice/lib", "1.1.0").status, 201);
  clock_.advance(2h);
  forget();
  EXPECT_EQ(count("SELECT COUNT(*) FROM recent_publish"), 1);
  clock_.advance(1ms);
  forget();
  EXPECT_EQ(count("SELECT COUNT(*) FROM recent_publish"), 0);
  EXPECT_EQ(publish_by_job("@alice/lib", "1.2.0").status, 201);
}

// A clock that runs ahead for a while does not empty the count: nobody knows it then.
TEST_F(HeldPublish, AClockThatWasAheadForgetsNoLimit) {
  services_->publish_limits.per_publisher = 2;
  EXPECT_EQ(publish_by_job("@alice/lib", "1.1.0").status, 201);
  const Time right = clock_.now();
  for (const Milliseconds ahead : {Milliseconds(3h), Milliseconds(400 * 24h)}) {
    clock_.advance(ahead);
    forget();
    clock_.set(right);
    ASSERT_EQ(count("SELECT COUNT(*) FROM recent_publish"), 0);
  }
  const Answer held = publish_by_job("@alice/lib", "1.2.0");
  EXPECT_EQ(held.status, 202);
  EXPECT_TRUE(held.header("npm-notice").contains("clock was ahead")) << held.header("npm-notice");
  clock_.advance(1h + 1ms);
  EXPECT_EQ(publish_by_job("@alice/lib", "1.3.0").status, 201);
}

}  // namespace
}  // namespace imp::registry::test
