#include "registry/trust/run_end.h"

#include "registry/api/registry_fixture.h"

namespace imp::registry::test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kJob = "0a1b2c3d-7777-4777-8777-777777777777";
constexpr std::string_view kOtherJob = "0a1b2c3d-8888-4888-8888-888888888888";

/// A package that trusts a job of this server's own CI.
class RunEnd : public RegistryTest {
 protected:
  RunEnd() {
    EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
    trust("imprimatur");
  }

  void trust(const std::string& issuer) {
    const auto claims = trust::test::required(trust::test::publisher_claims()).value();
    EXPECT_TRUE(write([&](db::Session& session) -> Result<trust::TrustedPublisher> {
      return trust::add_publisher(session, find_package(session, "@alice/lib")->id,
                                  {claims, {true, true, false}, issuer}, "alice", clock_.now());
    }));
  }
  /// A fresh identity token of a job, of the organisation's issuer below this base.
  std::string token_of(std::string_view job,
                       const std::string& base = std::string(kPublicUrl) + "/oidc") {
    json::object claims = trust::test::job_claims();
    const std::int64_t now = to_milliseconds(clock_.now()) / 1000;
    claims["iss"] = base + "/org/" + trust::test::kOrganization;
    claims["iat"] = now;
    claims["exp"] = now + 3600;
    claims["jti"] = "run-" + std::to_string(++tokens_);
    claims[trust::test::claim("job-id")] = job;
    return trust::test::signed_token(claims);
  }
  std::string publish_token_of(std::string_view job) {
    const Answer answer = exchange(token_of(job), "@alice/lib");
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.text("token");
  }
  void end(std::string_view job) {
    EXPECT_TRUE(write([&](db::Session& session) -> Result<void> {
      trust::end_run(session, "imprimatur", job, clock_.now());
      return {};
    }));
  }

  void tidy() {
    EXPECT_TRUE(write([&](db::Session& session) -> Result<void> {
      trust::forget_expired(session, clock_.now());
      return {};
    }));
  }
  /// The clock is ahead for long enough to be tidied by, and right again.
  void ahead(Milliseconds by) {
    const Time right = clock_.now();
    clock_.advance(by);
    tidy();
    clock_.set(right);
  }

  User alice = add_user("alice");

 private:
  int tokens_ = 0;
};

TEST_F(RunEnd, EndsItsPublishTokensWithARefusalOfTheirOwn) {
  const std::string token = publish_token_of(kJob);
  EXPECT_EQ(publish(token, "@alice/lib", "1.1.0").status, 201);
  end(kJob);
  const Answer answer = publish(token, "@alice/lib", "1.2.0");
  EXPECT_EQ(answer.outcome(), "403 run_ended");
  EXPECT_TRUE(answer.header("npm-notice").starts_with(answer.text("message")));
  EXPECT_EQ(stage(token, "@alice/lib", "1.2.0").outcome(), "403 run_ended");
  EXPECT_EQ(ask({.method = Method::put,
                 .target = "/-/package/@alice%2flib/dist-tags/beta",
                 .token = token,
                 .body = "\"1.0.0\""})
                .outcome(),
            "403 run_ended");
  EXPECT_EQ(get("/@alice%2flib").document().at("versions").as_object().size(), 2U);
}

TEST_F(RunEnd, IsWrittenDownAndSoIsEveryUseAfterIt) {
  const std::string token = publish_token_of(kJob);
  end(kJob);
  end(kJob);
  EXPECT_EQ(audited("trust.token_revoke"), std::vector<std::string>{"trust.token_revoke granted"});
  EXPECT_EQ(audit_detail("trust.token_revoke").at("reason"), json::value("run_ended"));
  clock_.advance(Milliseconds(1));
  publish(token, "@alice/lib", "1.1.0");
  EXPECT_EQ(audited("authenticate"), std::vector<std::string>{"authenticate run_ended"});
  EXPECT_EQ(attempts("@alice/lib").front().outcome, "run_ended");
}

TEST_F(RunEnd, IsSeenByAnUploadThatHasBegun) {
  const std::string token = publish_token_of(kJob);
  EXPECT_EQ(ask({.method = Method::put,
                 .target = "/@alice%2flib",
                 .token = token,
                 .body = document("@alice/lib", "1.1.0"),
                 .meanwhile = [&] { end(kJob); }})
                .outcome(),
            "403 run_ended");
  EXPECT_EQ(get("/@alice%2flib").document().at("versions").as_object().size(), 1U);
}

// Whoever has taken the identity token out of the job has five minutes to exchange it.
TEST_F(RunEnd, IsTheEndOfTheRunsIdentityTokensToo) {
  const std::string kept = token_of(kJob);
  end(kJob);
  EXPECT_EQ(exchange(kept, "@alice/lib").outcome(), "403 run_ended");
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 0);
  EXPECT_EQ(count("SELECT COUNT(*) FROM used_identity_token"), 0);
}

TEST_F(RunEnd, LeavesOtherRunsAndOtherIssuersAlone) {
  trust("circleci");
  const std::string other = publish_token_of(kOtherJob);
  // A foreign job may have any id, this one's too.
  const Answer foreign = exchange(token_of(kJob, trust::test::kBase), "@alice/lib");
  ASSERT_EQ(foreign.status, 201) << foreign.body;
  end(kJob);
  EXPECT_EQ(publish(other, "@alice/lib", "1.1.0").status, 201);
  EXPECT_EQ(publish(foreign.text("token"), "@alice/lib", "1.2.0").status, 201);
  EXPECT_EQ(exchange(token_of(kJob, trust::test::kBase), "@alice/lib").status, 201);
}

// A clock that runs ahead for a while makes it be tidied away before its tokens are too old.
TEST_F(RunEnd, IsNotForgottenByAClockThatWasAhead) {
  const std::string kept = token_of(kJob);
  end(kJob);
  ahead(400 * 24h);
  ASSERT_EQ(count("SELECT COUNT(*) FROM ended_run"), 0);
  EXPECT_EQ(exchange(kept, "@alice/lib").outcome(), "401 clock_set_back");
  // Of those that are running nobody can say for a moment that they are.
  EXPECT_EQ(exchange(token_of(kOtherJob), "@alice/lib").outcome(), "401 clock_set_back");
  clock_.advance(6min);
  EXPECT_EQ(exchange(token_of(kOtherJob), "@alice/lib").status, 201);
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 1);
}

TEST_F(RunEnd, OfMidnightIsNotForgottenEither) {
  const auto midnight = std::chrono::ceil<std::chrono::days>(clock_.now());
  clock_.set(midnight - 2min);
  const std::string kept = token_of(kJob);
  clock_.set(midnight + 1min);
  end(kJob);
  ahead(26h);
  EXPECT_EQ(exchange(kept, "@alice/lib").outcome(), "401 clock_set_back");
}

// What ended while the clock was ahead says nothing of the jobs of now.
TEST_F(RunEnd, ThatWasFarAheadLeavesTheJobsOfNowAlone) {
  const Time right = clock_.now();
  clock_.advance(400 * 24h);
  end(kJob);
  ahead(26h);
  clock_.set(right);
  EXPECT_EQ(exchange(token_of(kOtherJob), "@alice/lib").status, 201);
}

TEST_F(RunEnd, IsRememberedForLongerThanItsTokensLive) {
  publish_token_of(kJob);
  end(kJob);
  clock_.advance(std::chrono::hours(2));
  tidy();
  EXPECT_EQ(count("SELECT COUNT(*) FROM ended_run"), 1);
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token_run"), 0);
  clock_.advance(std::chrono::hours(23));
  tidy();
  EXPECT_EQ(count("SELECT COUNT(*) FROM ended_run"), 0);
}

}  // namespace
}  // namespace imp::registry::test
