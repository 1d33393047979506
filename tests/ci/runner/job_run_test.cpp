#include "ci/runner/job_run.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "ci/runner/support.h"

namespace imp::ci::runner {
namespace {

using test::FakeServer;
using test::run_step_of;

class JobRunTest : public test::WithSandbox {
 protected:
  FakeServer::Job run(JobTicket ticket) {
    return test::run_to_end(server, test::settings_in(directory), std::move(ticket));
  }
  FakeServer::Job run(std::vector<Step> steps) { return run(test::ticket_with(std::move(steps))); }

  test::TemporaryDirectory directory;
  FakeServer server;
};

TEST_F(JobRunTest, RunsStepsInOrderAndSucceeds) {
  const auto job = run({run_step_of("echo one; echo err >&2"), run_step_of("echo two")});
  EXPECT_EQ(job.end.outcome, JobOutcome::success);
  EXPECT_FALSE(job.end.halted);
  EXPECT_EQ(job.order, (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(job.output.at(1), "one\nerr\n");
  EXPECT_EQ(job.output.at(2), "two\n");
  EXPECT_EQ(job.finished.at(1).exit_code, 0);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path() + "/work"));
}

TEST_F(JobRunTest, WhenAfterAFailure) {
  const auto job =
      run({run_step_of("exit 3"), run_step_of("echo skipped"),
           run_step_of("echo failing", When::on_fail), run_step_of("echo always", When::always)});
  EXPECT_EQ(job.end.outcome, JobOutcome::failed);
  EXPECT_EQ(job.order, (std::vector<std::uint32_t>{0, 1, 3, 4}));
  EXPECT_EQ(job.finished.at(1).outcome, StepOutcome::failed);
  EXPECT_EQ(job.finished.at(1).exit_code, 3);
  EXPECT_NE(job.output.at(1).find("exit status 3"), std::string::npos);
}

TEST_F(JobRunTest, WhenWithoutAFailure) {
  const auto job = run({run_step_of("true"), run_step_of("echo no", When::on_fail),
                        run_step_of("echo yes", When::always)});
  EXPECT_EQ(job.order, (std::vector<std::uint32_t>{0, 1, 3}));
}

TEST_F(JobRunTest, TheDefaultShellStopsAtTheFirstErrorAlsoInPipes) {
  const auto job = run({run_step_of("false | cat\necho not reached")});
  EXPECT_EQ(job.finished.at(1).exit_code, 1);
  EXPECT_EQ(job.output.at(1).find("not reached"), std::string::npos);
}

TEST_F(JobRunTest, ASignalIsAnExitCode) {
  const auto job = run({run_step_of("kill -9 $$")});
  EXPECT_EQ(job.finished.at(1).exit_code, 137);
}

TEST_F(JobRunTest, ShellsOfJobAndStep) {
  JobTicket ticket = test::ticket_with({run_step_of("false\necho $0 goes on"), run_step_of("")});
  ticket.shell = "/bin/sh";
  auto& own = std::get<runner::Run>(ticket.steps[1].action);
  own.shell = "/usr/bin/env  perl -w";
  own.command = "print 6 * 7";
  const auto job = run(ticket);
  EXPECT_NE(job.output.at(1).find("goes on"), std::string::npos);
  EXPECT_EQ(job.output.at(2), "42");
}

TEST_F(JobRunTest, AShellThatDoesNotExist) {
  JobTicket ticket = test::ticket_with({run_step_of("true")});
  ticket.shell = "/bin/nosuchshell";
  const auto job = run(ticket);
  EXPECT_EQ(job.finished.at(1).exit_code, 127);
  EXPECT_EQ(job.end.outcome, JobOutcome::failed);
}

TEST_F(JobRunTest, EnvironmentPrecedence) {
  JobTicket ticket =
      test::ticket_with({run_step_of("echo $P $X $B $J $S $HOME; echo $BASH_ENV; "
                                     "echo $CIRCLE_WORKING_DIRECTORY")});
  ticket.environment = {{VariableSource::project, "P", "of-project"},
                        {VariableSource::project, "X", "of-project"},
                        {VariableSource::context, "X", "context"},
                        {VariableSource::context, "X", "later-context"},
                        {VariableSource::context, "B", "context"},
                        {VariableSource::context, "BASH_ENV", "/evil"},
                        {VariableSource::builtin, "B", "builtin"},
                        {VariableSource::builtin, "J", "builtin"},
                        {VariableSource::job, "J", "job"},
                        {VariableSource::job, "S", "job"}};
  ticket.working_directory = "~/project/npm";
  std::get<runner::Run>(ticket.steps[0].action).environment = {{"S", "step $X"}};
  const auto job = run(ticket);
  // Project and context values are masked; that a later one won shows by what is not "****".
  EXPECT_EQ(job.output.at(1), "**** **** builtin job step $X /home/circleci\n/tmp/.bash_env-" +
                                  ticket.job_id + "\n~/project/npm\n");
  EXPECT_NE(job.output.at(0).find("  X=**REDACTED**"), std::string::npos);
}

TEST_F(JobRunTest, BashEnvCarriesVariablesToLaterSteps) {
  const auto job =
      run({run_step_of("echo 'export NPM_ID=abc' >> \"$BASH_ENV\"; echo \"[$NPM_ID]\""),
           run_step_of("echo \"[$NPM_ID]\"")});
  EXPECT_EQ(job.output.at(1), "[]\n");
  EXPECT_EQ(job.output.at(2), "[abc]\n");
}

TEST_F(JobRunTest, FilesStayFromStepToStep) {
  const auto job = run({run_step_of("echo a > f; echo b > /tmp/g"), run_step_of("cat f /tmp/g")});
  EXPECT_EQ(job.output.at(2), "a\nb\n");
}

TEST_F(JobRunTest, WorkingDirectories) {
  JobTicket ticket =
      test::ticket_with({run_step_of("pwd"), run_step_of("pwd"), run_step_of("pwd")});
  ticket.working_directory = "~/src/app";
  std::get<runner::Run>(ticket.steps[1].action).working_directory = "sub dir";
  std::get<runner::Run>(ticket.steps[2].action).working_directory = "~";
  const auto job = run(ticket);
  EXPECT_EQ(job.output.at(1), "/home/circleci/src/app\n");
  EXPECT_EQ(job.output.at(2), "/home/circleci/src/app/sub dir\n");
  EXPECT_EQ(job.output.at(3), "/home/circleci\n");
}

TEST_F(JobRunTest, SilenceTimesOutAndKillsTheTree) {
  JobTicket ticket =
      test::ticket_with({run_step_of("echo before; (setsid sleep 97531 & ); sleep 97531"),
                         run_step_of("echo cleanup", When::always), run_step_of("echo no")});
  std::get<runner::Run>(ticket.steps[0].action).no_output_seconds = 1;
  const auto job = run(ticket);
  EXPECT_EQ(job.end.outcome, JobOutcome::timedout);
  EXPECT_EQ(job.finished.at(1).outcome, StepOutcome::timedout);
  EXPECT_FALSE(job.finished.at(1).exit_code);
  EXPECT_NE(job.output.at(1).find("before\n"), std::string::npos);
  EXPECT_NE(job.output.at(1).find("exceeded 1s"), std::string::npos);
  EXPECT_EQ(job.order, (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_TRUE(test::ends_soon("sleep 97531"));
}

TEST_F(JobRunTest, OutputKeepsAStepAlive) {
  JobTicket ticket =
      test::ticket_with({run_step_of("for i in 1 2 3 4; do echo $i; sleep 0.5; done")});
  std::get<runner::Run>(ticket.steps[0].action).no_output_seconds = 1;
  EXPECT_EQ(run(ticket).end.outcome, JobOutcome::success);
}

TEST_F(JobRunTest, TheJobsTimeLimitEndsEverything) {
  JobTicket ticket = test::ticket_with({run_step_of("while true; do echo x; sleep 0.1; done"),
                                        run_step_of("echo no", When::always)});
  ticket.time_limit_seconds = 1;
  const auto job = run(ticket);
  EXPECT_EQ(job.end.outcome, JobOutcome::timedout);
  EXPECT_EQ(job.order, (std::vector<std::uint32_t>{0, 1}));
}

TEST_F(JobRunTest, BackgroundStepsRunBesideAndEndWithTheJob) {
  JobTicket ticket = test::ticket_with(
      {run_step_of("echo up > ~/up; exec sleep 1000"),
       run_step_of("for i in $(seq 100); do [ -e ~/up ] && break; sleep 0.05; done; cat ~/up")});
  std::get<runner::Run>(ticket.steps[0].action).background = true;
  const auto job = run(ticket);
  EXPECT_EQ(job.end.outcome, JobOutcome::success);
  EXPECT_EQ(job.output.at(2), "up\n");
  EXPECT_EQ(job.finished.at(1).outcome, StepOutcome::canceled);
}

TEST_F(JobRunTest, AFailingBackgroundStepFailsNothing) {
  JobTicket ticket =
      test::ticket_with({run_step_of("exit 9"), run_step_of("sleep 0.3; echo fine")});
  std::get<runner::Run>(ticket.steps[0].action).background = true;
  const auto job = run(ticket);
  EXPECT_EQ(job.finished.at(1).exit_code, 9);
  EXPECT_EQ(job.end.outcome, JobOutcome::success);
}

TEST_F(JobRunTest, HaltEndsTheJobAsASuccess) {
  for (const char* halt :
       {"circleci step halt", "circleci task halt", "circleci-agent step halt"}) {
    const auto job = run({run_step_of(std::string(halt) + "; echo rest of the step"),
                          run_step_of("echo no"), run_step_of("echo no", When::always)});
    EXPECT_EQ(job.end.outcome, JobOutcome::success) << halt;
    EXPECT_TRUE(job.end.halted) << halt;
    EXPECT_EQ(job.output.at(1), "rest of the step\n") << halt;
    EXPECT_EQ(job.order, (std::vector<std::uint32_t>{0, 1})) << halt;
  }
}

TEST_F(JobRunTest, AStepThatFailsAfterHaltStillFails) {
  const auto job = run({run_step_of("circleci step halt; exit 4")});
  EXPECT_EQ(job.end.outcome, JobOutcome::failed);
}

TEST_F(JobRunTest, MintedTokensAreMaskedFromTheirFirstByte) {
  const std::string token = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln";
  TokenRequest seen;
  server.mint = [&](const TokenRequest& request) {
    seen = request;
    return test::answer(200, encode(TokenReply{token}));
  };
  const auto job = run({run_step_of(
      "export NPM_ID_TOKEN=$(circleci run oidc get --claims '{\"aud\": \"npm:x\"}' --root-issuer)\n"
      "echo \"token $NPM_ID_TOKEN\"; echo ${#NPM_ID_TOKEN}; printf %s ${NPM_ID_TOKEN:0:20}; "
      "sleep 0.1; echo ${NPM_ID_TOKEN:20}")});
  EXPECT_EQ(job.output.at(1), "token ****\n" + std::to_string(token.size()) + "\n****\n");
  EXPECT_EQ(seen.claims, R"({"aud": "npm:x"})");
  EXPECT_TRUE(seen.root_issuer);
}

TEST_F(JobRunTest, ARefusedTokenFailsTheCommandWithTheServersWords) {
  server.mint = [](const TokenRequest&) {
    return test::refusal(403, "fork_build", "Builds of forks get no identity token.");
  };
  const auto job = run({run_step_of("token=$(circleci run oidc get); echo not reached")});
  EXPECT_EQ(job.end.outcome, JobOutcome::failed);
  EXPECT_NE(job.output.at(1).find("Builds of forks get no identity token."), std::string::npos);
  EXPECT_EQ(job.output.at(1).find("not reached"), std::string::npos);
}

TEST_F(JobRunTest, ReleaseCommandsReachTheServer) {
  std::vector<ReleaseRequest> seen;
  server.release = [&](const ReleaseRequest& request) {
    seen.push_back(request);
    if (request.status == "LATE") return test::refusal(409, "ended", "The deployment has ended.");
    return test::answer(200, encode(ReleaseReply{"recorded"}));
  };
  const auto job = run({run_step_of(
      "circleci run release plan prod --target-version=1.0.${X:-7} --environment-name production "
      "--rollback\ncircleci run release update prod --status success "
      "--failure-reason='a \"b\" \\ \xc3\xa9'\ncircleci run release log --target-version 2\n"
      "circleci run release update --status LATE")});
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[0].action, ReleaseAction::plan);
  EXPECT_EQ(seen[0].deploy_name, "prod");
  EXPECT_EQ(seen[0].target_version, "1.0.7");
  EXPECT_EQ(seen[0].environment_name, "production");
  EXPECT_TRUE(seen[0].rollback);
  EXPECT_EQ(seen[1].failure_reason, "a \"b\" \\ \xc3\xa9");
  EXPECT_EQ(seen[2].action, ReleaseAction::log);
  EXPECT_NE(job.output.at(1).find("The deployment has ended."), std::string::npos);
  EXPECT_EQ(job.end.outcome, JobOutcome::failed);
}

TEST_F(JobRunTest, SecretsAreMaskedAndTheRunnersOwnAreAbsent) {
  JobTicket ticket = test::ticket_with({run_step_of(
      "echo $NPM_TOKEN listed-secret; env; cat /proc/*/environ /proc/*/cmdline 2>/dev/null; "
      "find /run/imprimatur /tmp /home -type f -size -100k -exec cat {} + 2>/dev/null; "
      "cat /proc/self/mountinfo")});
  ticket.environment = {{VariableSource::context, "NPM_TOKEN", "npm_abcdefgh"},
                        {VariableSource::builtin, "CIRCLE_OIDC_TOKEN", "ey.ambient.token"}};
  ticket.secrets = {"listed-secret"};
  const auto job = run(ticket);
  EXPECT_EQ(job.output.at(1).substr(0, 10), "**** ****\n");
  for (const std::string& secret :
       {std::string("npm_abcdefgh"), std::string("ey.ambient.token"), server.token, ticket.lease}) {
    EXPECT_EQ(job.output.at(1).find(secret), std::string::npos) << secret;
  }
}

TEST_F(JobRunTest, OutputOverTheLimitIsCutAndSaidSo) {
  auto settings = test::settings_in(directory);
  settings.limits = {1000, 1500};
  const auto job =
      test::run_to_end(server, settings,
                       test::ticket_with({run_step_of("head -c 100000 /dev/zero | tr '\\0' x"),
                                          run_step_of("head -c 100000 /dev/zero | tr '\\0' y")}));
  EXPECT_EQ(std::count(job.output.at(1).begin(), job.output.at(1).end(), 'x'), 1000);
  EXPECT_NE(job.output.at(1).find("output of this step is over its limit"), std::string::npos);
  EXPECT_LT(job.output.at(2).size(), 800u);
  EXPECT_NE(job.output.at(2).find("output of this job is over its limit"), std::string::npos);
  EXPECT_EQ(job.end.outcome, JobOutcome::success);
}

TEST_F(JobRunTest, ImagesAreMappedToTheHostAndTheLogSaysSo) {
  JobTicket ticket = test::ticket_with({run_step_of("true")});
  ticket.image = "cimg/python:3.12";
  EXPECT_NE(run(ticket).output.at(0).find(
                "docker image cimg/python:3.12 is mapped to the host: steps run under bubblewrap"),
            std::string::npos);
}

// The toolchain is in the cache already: nothing is fetched.
TEST_F(JobRunTest, NodeImagesBringTheirOwnNodeAndNpm) {
  const auto settings = test::settings_in(directory);
  const std::string tool = settings.work_directory + "/cache/node/22.14.0-npm-11.21.2";
  const std::string npm = tool + "/lib/node_modules/npm/bin";
  std::filesystem::create_directories(tool + "/bin");
  std::filesystem::create_directories(npm);
  const auto program = [](const std::string& path, const std::string& says) {
    test::write_file(path, "#!/bin/sh\necho " + says + "\n");
    std::filesystem::permissions(path, std::filesystem::perms(0755));
  };
  program(tool + "/bin/node", "node of the toolchain");
  program(npm + "/npm-cli.js", "npm of the toolchain");
  program(npm + "/npx-cli.js", "npx");
  JobTicket ticket = test::ticket_with(
      {run_step_of("node; npm; rm ~/.npm-global/lib/node_modules/npm; mkdir -p "
                   "~/.npm-global/lib/node_modules/npm/bin; "
                   "printf '#!/bin/sh\\necho another npm\\n' > "
                   "~/.npm-global/lib/node_modules/npm/bin/npm-cli.js; "
                   "chmod +x ~/.npm-global/lib/node_modules/npm/bin/npm-cli.js; npm; "
                   "touch /run/imprimatur/node/x 2>/dev/null || echo read-only")});
  ticket.image = "cimg/node:22.14.0";
  const auto job = test::run_to_end(server, settings, ticket);
  EXPECT_EQ(job.output.at(1),
            "node of the toolchain\nnpm of the toolchain\nanother npm\nread-only\n");
  EXPECT_NE(job.output.at(0).find("Node 22.14.0 and npm 11.21.2"), std::string::npos);
}

TEST_F(JobRunTest, AnImageWithoutANodeVersionIsTheRunnersFailure) {
  JobTicket ticket = test::ticket_with({run_step_of("echo no", When::always)});
  ticket.image = "cimg/node:lts";
  const auto job = run(ticket);
  EXPECT_EQ(job.end.outcome, JobOutcome::infrastructure_fail);
  EXPECT_NE(job.end.message.find("cimg/node:lts"), std::string::npos);
  EXPECT_EQ(job.order, (std::vector<std::uint32_t>{0}));
}

TEST_F(JobRunTest, CommandsLongerThanAnArgumentMayBe) {
  const std::string filler(300000, 'x');
  const auto job = run({run_step_of(": '" + filler + "'\necho long")});
  EXPECT_EQ(job.output.at(1), "long\n");
}

}  // namespace
}  // namespace imp::ci::runner
