#include "ci/runner/agent.h"

#include <gtest/gtest.h>

#include "ci/runner/runner.h"
#include "ci/runner/support.h"

namespace imp::ci::runner {
namespace {

using test::FakeServer;
using test::run_step_of;

/// One slot in a thread, ended with the test.
class AgentTest : public test::WithSandbox {
 protected:
  void SetUp() override {
    WithSandbox::SetUp();
    if (IsSkipped()) return;
    settings = test::settings_in(directory);
    options.times.back_off = {Milliseconds(5), Milliseconds(40)};
    options.farewell = Milliseconds(300);
  }
  void TearDown() override {
    if (slot.joinable()) stop();
  }

  void start() {
    std::lock_guard lock(starting);
    slot = std::jthread([this](std::stop_token stop) {
      result = serve_slot(options, settings, link, toolchains, clock, null_log(), stop);
    });
  }
  void stop() {
    slot.request_stop();
    slot.join();
  }
  std::string queue(std::vector<Step> steps, std::uint32_t lease_seconds = 60) {
    JobTicket ticket = test::ticket_with(std::move(steps));
    ticket.lease_seconds = lease_seconds;
    const std::string id = ticket.job_id;
    server.add(std::move(ticket));
    return id;
  }

  test::TemporaryDirectory directory;
  FakeServer server;
  SystemClock clock;
  ServerLink link{server, "http://server.test", server.token};
  NodeToolchains toolchains{directory.path(), clock};
  JobSettings settings;
  AgentOptions options;
  Result<void> result;
  std::mutex starting;
  std::jthread slot;
};

const char counting[] = "for i in $(seq 200); do echo line $i; sleep 0.002; done";

std::string counted() {
  std::string out;
  for (int i = 1; i <= 200; ++i) out += "line " + std::to_string(i) + "\n";
  return out;
}

TEST_F(AgentTest, RunsOneJobAfterTheOther) {
  const std::string first = queue({run_step_of("echo 1")});
  const std::string second = queue({run_step_of("echo 2")});
  start();
  EXPECT_TRUE(server.wait_for_end(first));
  EXPECT_TRUE(server.wait_for_end(second));
  EXPECT_EQ(server.job(second).output.at(1), "2\n");
}

TEST_F(AgentTest, OutputIsStreamedWhileTheStepRuns) {
  const std::string id = queue({run_step_of("echo early; sleep 30")});
  start();
  EXPECT_TRUE(server.wait_for_output(id, "early", Milliseconds(5000)));
  EXPECT_FALSE(server.job(id).ended);
}

TEST_F(AgentTest, AnOutageOfTheServerLosesNothing) {
  const std::string id = queue({run_step_of(counting)});
  start();
  ASSERT_TRUE(server.wait_for_output(id, "line 10\n"));
  server.away = true;
  std::this_thread::sleep_for(Milliseconds(400));
  EXPECT_FALSE(server.job(id).ended);
  server.away = false;
  ASSERT_TRUE(server.wait_for_end(id));
  EXPECT_EQ(server.job(id).output.at(1), counted());
  EXPECT_EQ(server.job(id).end.outcome, JobOutcome::success);
}

TEST_F(AgentTest, AnOutageOverTheEndOfTheJobIsSurvivedToo) {
  const std::string id = queue({run_step_of("echo a; sleep 0.2; echo b")});
  start();
  ASSERT_TRUE(server.wait_for_output(id, "a\n"));
  server.away = true;
  std::this_thread::sleep_for(Milliseconds(500));
  server.away = false;
  ASSERT_TRUE(server.wait_for_end(id));
  EXPECT_EQ(server.job(id).output.at(1), "a\nb\n");
}

TEST_F(AgentTest, LostAnswersAreNotAppliedTwice) {
  const std::string id = queue({run_step_of(counting)});
  start();
  for (int i = 0; i < 10; ++i) {
    server.lose_answers = 2;
    std::this_thread::sleep_for(Milliseconds(60));
  }
  ASSERT_TRUE(server.wait_for_end(id));
  EXPECT_EQ(server.job(id).output.at(1), counted());
}

// The server acted on the claim, the runner never heard: asking again gives the same job.
TEST_F(AgentTest, ALostClaimIsClaimedAgain) {
  server.lose_answers = 3;
  const std::string id = queue({run_step_of("echo here")});
  start();
  ASSERT_TRUE(server.wait_for_end(id));
  EXPECT_EQ(server.job(id).output.at(1), "here\n");
}

TEST_F(AgentTest, ATroubledServerStillGetsEverythingInOrder) {
  server.trouble_percent = 40;
  std::vector<std::string> ids;
  for (int i = 0; i < 2; ++i)
    ids.push_back(queue({run_step_of(counting), run_step_of("echo end")}));
  start();
  for (const std::string& id : ids) {
    ASSERT_TRUE(server.wait_for_end(id));
    EXPECT_EQ(server.job(id).output.at(1), counted());
    EXPECT_EQ(server.job(id).output.at(2), "end\n");
    EXPECT_EQ(server.job(id).end.outcome, JobOutcome::success);
  }
}

TEST_F(AgentTest, CancelComesWithTheAnswerToOutput) {
  options.times.heartbeat = std::chrono::hours(1);
  const std::string id = queue({run_step_of("echo up; while :; do echo x; sleep 0.05; done")});
  start();
  ASSERT_TRUE(server.wait_for_output(id, "up"));
  server.change(id, [](FakeServer::Job& job) { job.cancel = true; });
  ASSERT_TRUE(server.wait_for_end(id, Milliseconds(5000)));
  EXPECT_EQ(server.job(id).end.outcome, JobOutcome::canceled);
  EXPECT_EQ(server.job(id).heartbeats, 0);
}

TEST_F(AgentTest, CancelComesWithTheHeartbeatOfASilentJob) {
  const std::string id =
      queue({run_step_of("echo up; sleep 1000"), run_step_of("echo no", When::always)}, 1);
  start();
  ASSERT_TRUE(server.wait_for_output(id, "up"));
  server.change(id, [](FakeServer::Job& job) { job.cancel = true; });
  ASSERT_TRUE(server.wait_for_end(id, Milliseconds(5000)));
  const auto job = server.job(id);
  EXPECT_EQ(job.end.outcome, JobOutcome::canceled);
  EXPECT_EQ(job.finished.at(1).outcome, StepOutcome::canceled);
  EXPECT_EQ(job.order, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_GE(job.heartbeats, 1);
}

TEST_F(AgentTest, ALostLeaseKillsTheJobAndFreesTheSlot) {
  const std::string id = queue({run_step_of("echo up; while :; do echo x; sleep 0.05; done")});
  start();
  ASSERT_TRUE(server.wait_for_output(id, "up"));
  server.change(id, [](FakeServer::Job& job) { job.lost = true; });
  const std::string next = queue({run_step_of("echo next")});
  ASSERT_TRUE(server.wait_for_end(next));
  EXPECT_FALSE(server.job(id).ended);
}

TEST_F(AgentTest, AStoppedRunnerReportsItsJob) {
  const std::string id = queue({run_step_of("echo up; sleep 1000")});
  start();
  ASSERT_TRUE(server.wait_for_output(id, "up"));
  stop();
  ASSERT_TRUE(result);
  const auto job = server.job(id);
  EXPECT_EQ(job.end.outcome, JobOutcome::infrastructure_fail);
  EXPECT_EQ(job.end.message, "The runner was stopped.");
}

TEST_F(AgentTest, AStoppedRunnerDoesNotWaitForAServerThatIsAway) {
  const std::string id = queue({run_step_of("echo up; sleep 1000")});
  start();
  ASSERT_TRUE(server.wait_for_output(id, "up"));
  server.away = true;
  const auto begin = std::chrono::steady_clock::now();
  stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

// It heard of the job, but nobody will begin it here: another runner shall have it at once.
TEST_F(AgentTest, AStoppedRunnerGivesBackWhatItHasNotBegun) {
  const std::string id = queue({run_step_of("echo never")});
  server.on_claim = [this] {
    std::lock_guard lock(starting);
    slot.request_stop();
  };
  start();
  slot.join();
  ASSERT_TRUE(result);
  const auto job = server.job(id);
  EXPECT_EQ(server.given_back, std::vector{job.claim_id});
  EXPECT_FALSE(job.ended);
  EXPECT_TRUE(job.order.empty());
}

TEST_F(AgentTest, ATokenThatIsNotAcceptedEndsTheRunner) {
  server.token = "another";
  start();
  slot.join();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), "token_refused");
}

TEST(BackOff, DoublesUpToItsMost) {
  const BackOff back_off{Milliseconds(200), Milliseconds(10000)};
  EXPECT_EQ(back_off.delay(0), Milliseconds(0));
  EXPECT_EQ(back_off.delay(1), Milliseconds(200));
  EXPECT_EQ(back_off.delay(2), Milliseconds(400));
  EXPECT_EQ(back_off.delay(7), Milliseconds(10000));
  EXPECT_EQ(back_off.delay(4000000000u), Milliseconds(10000));
}

TEST(RunRunner, RefusesOptionsThatCannotWork) {
  FakeServer server;
  const SystemClock clock;
  RunnerOptions good;
  good.server_url = "http://localhost:4873";
  good.token = "t";
  good.work_directory = good.cache_directory = "/tmp/imp-never-made";
  good.jobtool = "/nonexistent/circleci";
  const auto code = [&](const std::function<void(RunnerOptions&)>& change) {
    RunnerOptions options = good;
    change(options);
    const auto ran = run_runner(options, server, clock, null_log(), {});
    return ran ? std::string("ran") : std::string(ran.error().code());
  };
  EXPECT_EQ(code([](RunnerOptions& o) { o.server_url = "localhost"; }), "bad_options");
  EXPECT_EQ(code([](RunnerOptions& o) { o.token = ""; }), "bad_options");
  EXPECT_EQ(code([](RunnerOptions& o) { o.concurrency = 0; }), "bad_options");
  EXPECT_EQ(code([](RunnerOptions& o) { o.work_directory = "work"; }), "bad_options");
  EXPECT_EQ(code([](RunnerOptions&) {}), "sandbox_unavailable");
}

class RunRunnerTest : public test::WithSandbox {};

TEST_F(RunRunnerTest, RunsSeveralJobsAtATime) {
  test::TemporaryDirectory directory;
  FakeServer server;
  RunnerOptions options;
  options.server_url = "http://server.test";
  options.token = server.token;
  options.work_directory = directory.path() + "/work";
  options.cache_directory = directory.path() + "/cache";
  options.jobtool = test::jobtool_path();
  options.concurrency = 2;
  const SystemClock clock;
  std::vector<std::string> ids;
  for (int i = 0; i < 2; ++i) {
    JobTicket ticket = test::ticket_with({run_step_of("echo up; sleep 1000")});
    ids.push_back(ticket.job_id);
    server.add(std::move(ticket));
  }
  Result<void> ran;
  std::jthread runner(
      [&](std::stop_token stop) { ran = run_runner(options, server, clock, null_log(), stop); });
  for (const std::string& id : ids) EXPECT_TRUE(server.wait_for_output(id, "up"));
  runner.request_stop();
  runner.join();
  EXPECT_TRUE(ran);
  for (const std::string& id : ids) {
    EXPECT_EQ(server.job(id).end.outcome, JobOutcome::infrastructure_fail);
  }
}

TEST_F(RunRunnerTest, ARefusedTokenEndsEverySlot) {
  test::TemporaryDirectory directory;
  FakeServer server;
  RunnerOptions options;
  options.server_url = "http://server.test";
  options.token = "wrong";
  options.work_directory = directory.path() + "/work";
  options.cache_directory = directory.path() + "/cache";
  options.jobtool = test::jobtool_path();
  options.concurrency = 3;
  const SystemClock clock;
  const auto ran = run_runner(options, server, clock, null_log(), {});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code(), "token_refused");
}

}  // namespace
}  // namespace imp::ci::runner
