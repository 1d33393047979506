#include "ci/pipelines/running_jobs.h"

#include "base/uuid.h"
#include "ci/deploys/timeline.h"
#include "ci/pipelines/engine_fixture.h"
#include "ci/pipelines/job_ticket.h"

namespace imp::ci {
namespace {

using runner::JobFinished;
using runner::JobOutcome;
using runner::StepFinished;
using runner::StepOutcome;
using runner::StepOutput;
using runner::StepStarted;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string simple = config_with({"test"}, "- test");

class RunningJobsTest : public EngineTest {
 protected:
  void start() {
    pipeline_ = push_config(simple);
    ticket_ = claim().value();
  }
  Result<runner::EventReply> send(std::uint64_t first,
                                  std::vector<decltype(runner::Event::what)> events) {
    return world_->pipelines.running.apply(runner_, ticket_.job_id,
                                           batch(ticket_.lease, first, std::move(events)));
  }
  std::string output() {
    std::string text;
    for (const OutputChunk& chunk : world_->pipelines.reader.output(ticket_.job_id, 0).value()) {
      text += chunk.bytes;
    }
    return text;
  }
  JobView view() { return world_->pipelines.reader.job(ticket_.job_id).value(); }

  Pipeline pipeline_;
  runner::JobTicket ticket_;
};

TEST_F(RunningJobsTest, EventsBecomeStepsAndOutput) {
  start();
  EXPECT_EQ(send(1, {StepStarted{1, "Checkout code"}, StepOutput{1, "one\n"}})->accepted, 2U);
  EXPECT_EQ(send(3, {StepOutput{1, std::string("two\0\xff", 5)},
                     StepFinished{1, StepOutcome::success, 0}, StepStarted{2, "true"},
                     StepOutput{2, "three"}, StepFinished{2, StepOutcome::failed, 1},
                     JobFinished{JobOutcome::failed, false, "step 2 failed"}})
                ->accepted,
            8U);
  EXPECT_EQ(output(), std::string("one\ntwo\0\xffthree", 14));
  const JobView view = this->view();
  ASSERT_THAT(view.steps, SizeIs(2));
  EXPECT_EQ(view.steps[0].outcome, "success");
  EXPECT_EQ(view.steps[1].outcome, "failed");
  EXPECT_EQ(view.steps[1].exit_code, 1);
  EXPECT_EQ(view.job.status, JobStatus::failed);
  EXPECT_EQ(view.job.reason, "step 2 failed");
  EXPECT_EQ(state(pipeline_.id), "failed: test=failed");
}

// What a runner is given may have megabytes; what is read every second goes without it.
TEST_F(RunningJobsTest, NothingThatIsAskedForAllTheTimeReadsTheTicket) {
  start();
  const auto move = [&](const std::string& from, const std::string& to) {
    return database_->write([&](db::Session& session) -> Result<void> {
      session.run("ALTER TABLE " + from + " RENAME TO " + to);
      return {};
    });
  };
  ASSERT_TRUE(move("ci_job_tickets", "out_of_reach"));
  EXPECT_TRUE(world_->pipelines.running.heartbeat(runner_, ticket_.job_id, {ticket_.lease}));
  EXPECT_TRUE(send(1, {StepStarted{1, "a"}, StepOutput{1, "said"}}));
  EXPECT_EQ(output(), "said");
  EXPECT_EQ(view().job.status, JobStatus::running);
  EXPECT_TRUE(world_->pipelines.reader.list({.project_id = widgets.id}));
  EXPECT_EQ(state(pipeline_.id), "running: test=running");
  EXPECT_TRUE(world_->pipelines.running.may_read(variable(ticket_, "none"), widgets.id));
  ASSERT_TRUE(move("out_of_reach", "ci_job_tickets"));
  ASSERT_TRUE(send(3, {JobFinished{JobOutcome::success, false, ""}}));
}

// The process that had the token is gone; the next one has the same token and no jobs.
TEST_F(RunningJobsTest, JobsOfARunnersLastProcessAreAbandoned) {
  start();
  ASSERT_TRUE(world_->pipelines.runner_tokens.abandon_jobs(new_uuid()));
  EXPECT_EQ(state(pipeline_.id), "running: test=running");
  ASSERT_TRUE(world_->pipelines.runner_tokens.abandon_jobs(runner_.id));
  EXPECT_EQ(view().job.status, JobStatus::infrastructure_fail);
  EXPECT_THAT(view().job.reason, HasSubstr("is gone"));
  EXPECT_FALSE(world_->pipelines.running.heartbeat(runner_, ticket_.job_id, {ticket_.lease}));
}

TEST_F(RunningJobsTest, EachEventIsAppliedOnceAndInOrder) {
  start();
  ASSERT_TRUE(send(1, {StepStarted{1, "a"}, StepOutput{1, "1"}, StepOutput{1, "2"}}));
  // The answer was lost; the runner sends again, with what came since.
  EXPECT_EQ(send(2, {StepOutput{1, "1"}, StepOutput{1, "2"}, StepOutput{1, "3"}})->accepted, 4U);
  // A gap: nothing of the batch counts.
  EXPECT_EQ(send(6, {StepOutput{1, "5"}})->accepted, 4U);
  EXPECT_EQ(send(5, {StepOutput{1, "4"}, StepOutput{1, "5"}})->accepted, 6U);
  EXPECT_EQ(output(), "12345");
}

TEST_F(RunningJobsTest, TheLastBatchMayBeSentAgainAndNothingAfterIt) {
  start();
  const std::vector<decltype(runner::Event::what)> last{
      StepOutput{0, "x"}, JobFinished{JobOutcome::success, false, ""}};
  EXPECT_EQ(send(1, last)->accepted, 2U);
  EXPECT_EQ(send(1, last)->accepted, 2U);
  EXPECT_EQ(output(), "x");
  EXPECT_EQ(send(3, {StepOutput{0, "y"}}).error().code(), "lease_lost");
  // What follows the job's end in the same batch is no part of the job.
  pipeline_ = push_config(simple);
  ticket_ = claim().value();
  EXPECT_EQ(send(1, {JobFinished{JobOutcome::success, false, ""}, StepOutput{0, "z"}})->accepted,
            1U);
  EXPECT_EQ(output(), "");
}

TEST_F(RunningJobsTest, HowAJobEnds) {
  const struct {
    JobOutcome outcome;
    std::string expected;
  } cases[] = {{JobOutcome::success, "success: test=success"},
               {JobOutcome::failed, "failed: test=failed"},
               {JobOutcome::timedout, "failed: test=timedout"},
               {JobOutcome::infrastructure_fail, "failed: test=infrastructure_fail"},
               {JobOutcome::canceled, "canceled: test=canceled"}};
  for (const auto& [outcome, expected] : cases) {
    start();
    finish(ticket_, outcome);
    EXPECT_EQ(state(pipeline_.id), expected);
  }
}

TEST_F(RunningJobsTest, OnlyTheHolderOfTheLeaseIsHeard) {
  start();
  const auto& running = world_->pipelines.running;
  auto& jobs = world_->pipelines.running;
  EXPECT_TRUE(jobs.heartbeat(runner_, ticket_.job_id, {ticket_.lease}));
  EXPECT_EQ(jobs.heartbeat(runner_, ticket_.job_id, {"wrong"}).error().code(), "lease_lost");
  EXPECT_EQ(jobs.heartbeat(runner_, new_uuid(), {ticket_.lease}).error().code(), "lease_lost");
  const RunnerIdentity other{new_uuid(), "other", {}};
  EXPECT_EQ(jobs.heartbeat(other, ticket_.job_id, {ticket_.lease}).error().code(), "lease_lost");
  EXPECT_EQ(jobs.identity_token(runner_, ticket_.job_id, {"wrong", "", false}).error().code(),
            "lease_lost");
  runner::ReleaseRequest release;
  release.lease = "wrong";
  EXPECT_EQ(jobs.release(runner_, ticket_.job_id, release).error().code(), "lease_lost");
  finish(ticket_);
  EXPECT_EQ(jobs.heartbeat(runner_, ticket_.job_id, {ticket_.lease}).error().code(), "lease_lost");
  // A token for a job that has ended would outlive whoever watched over it.
  EXPECT_EQ(jobs.identity_token(runner_, ticket_.job_id, {ticket_.lease, "", false}).error().code(),
            "lease_lost");
  EXPECT_FALSE(running.may_read("impjob_wrong", widgets.id).value());
}

TEST_F(RunningJobsTest, AJobWhoseRunnerVanishedFails) {
  start();
  ASSERT_TRUE(send(1, {StepStarted{1, "a"}}));
  clock_.advance(std::chrono::seconds(59));
  ASSERT_TRUE(world_->pipelines.tidy());
  EXPECT_EQ(view().job.status, JobStatus::running);
  ASSERT_TRUE(world_->pipelines.running.heartbeat(runner_, ticket_.job_id, {ticket_.lease}));
  clock_.advance(std::chrono::seconds(59));
  ASSERT_TRUE(world_->pipelines.tidy());
  EXPECT_EQ(view().job.status, JobStatus::running);  // the heartbeat counted
  clock_.advance(std::chrono::seconds(2));
  ASSERT_TRUE(world_->pipelines.tidy());
  EXPECT_EQ(state(pipeline_.id), "failed: test=infrastructure_fail");
  EXPECT_THAT(view().job.reason, HasSubstr("machine-1"));
  EXPECT_EQ(view().steps.at(0).outcome, "canceled");
  // It comes back: too late.
  EXPECT_EQ(send(2, {JobFinished{JobOutcome::success, false, ""}}).error().code(), "lease_lost");
}

// While the server is away no runner can renew its lease; one that lives goes on afterwards.
TEST_F(RunningJobsTest, AnAbsenceOfTheServerIsNotTheRunners) {
  start();
  clock_.advance(std::chrono::hours(1));
  restart();
  world_->pipelines.recover();
  ASSERT_TRUE(world_->pipelines.tidy());
  EXPECT_TRUE(world_->pipelines.running.heartbeat(runner_, ticket_.job_id, {ticket_.lease}));
  clock_.advance(std::chrono::seconds(61));
  ASSERT_TRUE(world_->pipelines.tidy());
  EXPECT_EQ(state(pipeline_.id), "failed: test=infrastructure_fail");
}

TEST_F(RunningJobsTest, TheJobsOfARevokedRunnerEndAtOnce) {
  start();
  ASSERT_TRUE(send(1, {StepStarted{1, "a"}}));
  ASSERT_TRUE(world_->pipelines.runner_tokens.revoke(runner_.id, actor(alice)));
  EXPECT_EQ(state(pipeline_.id), "failed: test=infrastructure_fail");
  EXPECT_EQ(view().job.reason, "The runner machine-1 is gone.");
  EXPECT_EQ(view().steps.at(0).outcome, "canceled");
  EXPECT_EQ(send(2, {JobFinished{JobOutcome::success, false, ""}}).error().code(), "lease_lost");
}

// Its runner may take a while to hear of it, and whoever canceled it may have had a reason.
TEST_F(RunningJobsTest, ACanceledJobSpeaksForNobody) {
  start();
  auto& running = world_->pipelines.running;
  ASSERT_TRUE(running.identity_token(runner_, ticket_.job_id, {ticket_.lease, "", false}));
  ASSERT_TRUE(world_->pipelines.controls.cancel_job(ticket_.job_id, actor(bob)));
  EXPECT_EQ(
      running.identity_token(runner_, ticket_.job_id, {ticket_.lease, "", false}).error().code(),
      "job_canceled");
  runner::ReleaseRequest release;
  release.lease = ticket_.lease;
  release.action = runner::ReleaseAction::log;
  release.target_version = "1.0.1";
  EXPECT_EQ(running.release(runner_, ticket_.job_id, release).error().code(), "job_canceled");
  // The runner still holds the job: it is to end it.
  EXPECT_EQ(send(1, {JobFinished{JobOutcome::canceled, false, ""}})->accepted, 1U);
}

// Between two transactions somebody could cancel the job.
TEST_F(RunningJobsTest, WhatAJobMayDoIsDecidedInTheTransactionThatDoesIt) {
  start();
  auto& running = world_->pipelines.running;
  const auto writes_of = [&](auto&& call) {
    const std::int64_t before = mortal_.writes();
    EXPECT_TRUE(call());
    return mortal_.writes() - before;
  };
  EXPECT_EQ(writes_of([&] {
              return running.identity_token(runner_, ticket_.job_id, {ticket_.lease, "", false});
            }),
            1);
  runner::ReleaseRequest release;
  release.lease = ticket_.lease;
  release.target_version = "1.0.1";
  EXPECT_EQ(writes_of([&] { return running.release(runner_, ticket_.job_id, release); }), 1);
  release.action = runner::ReleaseAction::update;
  release.status = "SUCCESS";
  EXPECT_EQ(writes_of([&] { return running.release(runner_, ticket_.job_id, release); }), 1);
  release.action = runner::ReleaseAction::log;
  EXPECT_EQ(writes_of([&] { return running.release(runner_, ticket_.job_id, release); }), 1);
}

TEST_F(RunningJobsTest, ARefusedTokenIsRecordedAndARefusedReleaseChangesNothing) {
  start();
  auto& running = world_->pipelines.running;
  const auto refused =
      running.identity_token(runner_, ticket_.job_id, {ticket_.lease, R"({"sub":"x"})", false});
  EXPECT_EQ(refused.error().code(), "unknown_claim");
  EXPECT_EQ(audited("oidc.token.mint").front().record.outcome, "unknown_claim");
  runner::ReleaseRequest release;
  release.lease = ticket_.lease;
  release.action = runner::ReleaseAction::update;
  release.status = "SUCCESS";
  EXPECT_EQ(running.release(runner_, ticket_.job_id, release).error().code(), "deploy_not_found");
  EXPECT_TRUE(audited("deploy.").empty());
}

TEST_F(RunningJobsTest, CancelReachesTheRunnerWithItsNextRequest) {
  start();
  const std::string id = workflow(pipeline_.id).workflow.id;
  ASSERT_TRUE(world_->pipelines.controls.cancel(id, actor(bob)));
  EXPECT_TRUE(send(1, {StepStarted{1, "a"}})->cancel);
  EXPECT_TRUE(
      world_->pipelines.running.heartbeat(runner_, ticket_.job_id, {ticket_.lease})->cancel);
  EXPECT_EQ(state(pipeline_.id), "running: test=running");
  EXPECT_EQ(send(2, {JobFinished{JobOutcome::canceled, false, ""}})->accepted, 2U);
  EXPECT_EQ(state(pipeline_.id), "canceled: test=canceled");
}

TEST_F(RunningJobsTest, ACanceledJobWhoseRunnerVanishedIsCanceled) {
  start();
  ASSERT_TRUE(world_->pipelines.controls.cancel_job(ticket_.job_id, actor(bob)));
  clock_.advance(std::chrono::minutes(2));
  ASSERT_TRUE(world_->pipelines.tidy());
  EXPECT_EQ(state(pipeline_.id), "canceled: test=canceled");
}

TEST_F(RunningJobsTest, TheCheckoutCredentialReadsTheSourceWhileTheJobRuns) {
  start();
  const auto& checkout = std::get<runner::Checkout>(ticket_.steps.at(0).action);
  ASSERT_TRUE(checkout.authorization.starts_with("Basic "));
  const auto decoded = from_base64(checkout.authorization.substr(6)).value();
  const std::string pair(text_of(decoded));
  ASSERT_TRUE(pair.starts_with("job:"));
  const std::string credential = pair.substr(4);
  const auto& running = world_->pipelines.running;
  EXPECT_TRUE(running.may_read(credential, widgets.id).value());
  EXPECT_FALSE(running.may_read(credential, hosted(acme, "gadgets").id).value());
  finish(ticket_);
  EXPECT_FALSE(running.may_read(credential, widgets.id).value());
}

TEST_F(RunningJobsTest, ReleaseCommandsMoveDeployMarkers) {
  start();
  auto& running = world_->pipelines.running;
  runner::ReleaseRequest request;
  request.lease = ticket_.lease;
  EXPECT_EQ(running.release(runner_, ticket_.job_id, request).error().code(),
            "missing_target_version");
  request.target_version = "1.0.1";
  EXPECT_EQ(running.release(runner_, ticket_.job_id, request)->message,
            "widgets 1.0.1 in default: PENDING");
  request.action = runner::ReleaseAction::update;
  request.status = "success";
  EXPECT_EQ(running.release(runner_, ticket_.job_id, request)->message,
            "widgets 1.0.1 in default: SUCCESS");
  EXPECT_EQ(running.release(runner_, ticket_.job_id, request).error().code(), "deploy_finished");
  const auto deployments =
      DeployTimeline(*database_).deployments({.organization_id = acme.id}).value();
  ASSERT_THAT(deployments, SizeIs(1));
  EXPECT_EQ(deployments[0].job_id, ticket_.job_id);
  EXPECT_EQ(deployments[0].job_number, 1);
}

TEST_F(RunningJobsTest, RunnerTokensAreKeptHashedAndCanBeRevoked) {
  auto& tokens = world_->pipelines.runner_tokens;
  const std::string token = tokens.create("spare", accounts::Actor::system()).value();
  const RunnerIdentity identity = tokens.verify(token).value();
  EXPECT_EQ(identity.name, "spare");
  EXPECT_EQ(tokens.verify("imprun_" + std::string(40, 'a')).error().code(), "runner_token_refused");
  EXPECT_EQ(tokens.verify("").error().code(), "runner_token_refused");
  EXPECT_EQ(tokens.create("", accounts::Actor::system()).error().code(), "invalid_runner_name");
  EXPECT_EQ(tokens.list()->size(), 2U);
  const auto stored = database_->read([&](db::Session& session) -> Result<std::string> {
    return session.row("SELECT hash FROM ci_runner_tokens WHERE id = :p1", {identity.id})->text(0);
  });
  EXPECT_EQ(stored->find(token), std::string::npos);
  ASSERT_TRUE(tokens.revoke(identity.id, accounts::Actor::system()));
  EXPECT_EQ(tokens.verify(token).error().code(), "runner_token_refused");
  EXPECT_EQ(tokens.revoke(identity.id, accounts::Actor::system()).error().code(),
            "runner_token_not_found");
  EXPECT_THAT(audited("runner.token."), SizeIs(3));
}

}  // namespace
}  // namespace imp::ci
