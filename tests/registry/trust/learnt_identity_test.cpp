#include "trust_fixture.h"

// Identifiers behind names: learnt from the first token that is exchanged, required from then on.

namespace imp::trust::test {
namespace {

class LearntIdentityTest : public ExchangeTest {
 protected:
  std::string outcome_of(const json::object& job, std::string_view member = "jti",
                         std::string_view json_text = "") {
    json::object claims = job;
    claims["jti"] = "job-" + std::to_string(++jobs_);
    return outcome(signed_token(member == "jti" ? claims : changed(claims, member, json_text)));
  }
  std::string learnt() { return text("SELECT learnt FROM trusted_publisher"); }

 private:
  int jobs_ = 0;
};

struct Shape {
  const char* type;
  json::object job, publisher;
  const char* project_id;
  const char* tenant_id;
};

std::vector<Shape> shapes() {
  return {{"github", github_job(), github_publisher(), "repository_id", "repository_owner_id"},
          {"gitlab", gitlab_job(), gitlab_publisher(), "project_id", "namespace_id"}};
}

TEST_F(LearntIdentityTest, IsRequiredFromTheSecondExchangeOn) {
  std::int64_t audited = 0;
  for (const Shape& it : shapes()) {
    SCOPED_TRACE(it.type);
    const auto publisher = add_of(it.type, it.publisher);
    EXPECT_EQ(learnt(), "{}");
    // A refused token teaches nothing.
    EXPECT_EQ(outcome_of(it.job, "runner_environment", "\"self-hosted\""), "self_hosted_runner");
    EXPECT_EQ(learnt(), "{}");
    EXPECT_EQ(outcome_of(it.job), "granted");
    EXPECT_TRUE(learnt().contains("\"1001\"") && learnt().contains("\"77\"")) << learnt();
    EXPECT_EQ(outcome_of(it.job), "granted");
    EXPECT_EQ(outcome_of(it.job, it.project_id, "\"1002\""), "resurrected_project");
    EXPECT_EQ(outcome_of(it.job, it.tenant_id, "\"78\""), "resurrected_project");
    const auto recorded = attempts();
    EXPECT_EQ(std::ranges::count(recorded, "resurrected_project", &Attempt::outcome), audited + 2);
    audited += 2;
    EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records WHERE outcome = 'resurrected_project'"),
              audited);
    remove(publisher);
  }
}

TEST_F(LearntIdentityTest, IsNotToldToWhoTookTheName) {
  add_of("github", github_publisher());
  ASSERT_EQ(outcome_of(github_job()), "granted");
  json::object job = github_job();
  job["repository_id"] = "1002";
  job["workflow_ref"] = "acme/widgets/.github/workflows/evil.yml@refs/heads/main";
  job["jti"] = "other";
  const auto refused = exchange(signed_token(job));
  ASSERT_FALSE(refused);
  EXPECT_FALSE(refused.error().message.contains("1001")) << refused.error().message;
  EXPECT_FALSE(refused.error().message.contains("release.yml")) << refused.error().message;
}

// Two projects cannot both be the first.
TEST_F(LearntIdentityTest, IsComparedAgainInTheTransaction) {
  const auto publisher = add_of("github", github_publisher());
  InterruptingClock hook(clock);
  wire(&hook);
  hook.then([&] {
    write([&](db::Session& session) -> Result<void> {
      auto other = *publisher_by_id(session, publisher.id);
      json::object job = github_job();
      job["repository_id"] = "1002";
      other.claims.learn_from(job);
      keep_learnt(session, other);
      return {};
    });
  });
  EXPECT_EQ(outcome_of(github_job()), "resurrected_project");
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 0);
}

TEST_F(LearntIdentityTest, IsToldInTheTransactionThatLearns) {
  const auto publisher = add_of("github", github_publisher());
  std::vector<std::string> told;
  bool full = true;
  exchanger = std::make_unique<Exchange>(
      *database, *evaluator, crypto::system_random(), clock, null_log(), metrics,
      [&](db::Session& session, const TrustedPublisher& one, const audit::Record& exchange) {
        if (full) session.run("INSERT INTO no_such_table VALUES (1)");
        EXPECT_EQ(exchange.action, "trust.exchange");
        EXPECT_EQ(one.id, publisher.id);
        told.push_back(json::serialize(one.claims.learnt()));
      });
  EXPECT_NE(outcome_of(github_job()), "granted");
  EXPECT_EQ(learnt(), "{}");
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 0);
  full = false;
  EXPECT_EQ(outcome_of(github_job()), "granted");
  EXPECT_EQ(told, std::vector<std::string>{learnt()});
  EXPECT_EQ(outcome_of(github_job()), "granted");
  EXPECT_EQ(outcome_of(github_job(), "repository_id", "\"1002\""), "resurrected_project");
  EXPECT_EQ(told.size(), 1u);
}

TEST_F(LearntIdentityTest, DoesNotMakeTheSamePublisherAnother) {
  const auto publisher = add_of("github", github_publisher());
  ASSERT_EQ(outcome_of(github_job()), "granted");
  const auto again = write([&](db::Session& session) {
    return add_publisher(
        session, package.id,
        {RequiredClaims::parse(*provider_of_type("github"), github_publisher()).value(),
         {true, true, false},
         "github"},
        "alice", clock.now());
  });
  EXPECT_EQ(code_of(again), "duplicate_publisher");
}

TEST_F(LearntIdentityTest, RunsAreRememberedWithTheirRunner) {
  add_of("github", github_publisher());
  ASSERT_EQ(outcome_of(github_job()), "granted");
  const std::string run = text("SELECT run FROM publish_token");
  EXPECT_TRUE(run.contains(R"("runner_environment":"github-hosted")")) << run;
  EXPECT_TRUE(run.contains(R"("repository":"acme/widgets")")) << run;
  EXPECT_FALSE(run.contains("\"aud\"")) << run;
}

TEST_F(LearntIdentityTest, APublisherOfOneProviderMeetsNoTokenOfAnother) {
  add_of("github", github_publisher());
  add_of("gitlab", gitlab_publisher());
  json::object job = github_job();
  job["iss"] = kGitLab;
  EXPECT_EQ(outcome_of(job), "claim_missing");
  EXPECT_EQ(outcome_of(github_job(), "event_name", "\"workflow_run\""), "banned_event");
  EXPECT_EQ(outcome_of(gitlab_job(), "pipeline_source", "\"merge_request_event\""), "banned_event");
}

}  // namespace
}  // namespace imp::trust::test
