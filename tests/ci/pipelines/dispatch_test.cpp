#include "ci/pipelines/dispatch.h"

#include <set>
#include <thread>

#include "base/uuid.h"
#include "ci/pipelines/engine_fixture.h"
#include "jose/token.h"

namespace imp::ci {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::string simple = config_with({"test"}, "- test");
const std::string guarded = config_with({"publish"}, "- publish:\n    context: guard");

class DispatchTest : public EngineTest {
 protected:
  using EngineTest::EngineTest;

  /// A job of main whose context is restricted; what becomes of it when it is claimed.
  Job dispatched(const Pipeline& pipeline, const std::string& name = "publish",
                 std::size_t workflow = 0) {
    claim();
    return job(pipeline.id, name, workflow);
  }
  jose::Token token_of(const runner::JobTicket& ticket) {
    return jose::parse_token(variable(ticket, "CIRCLE_OIDC_TOKEN_V2")).value();
  }
};

TEST_F(DispatchTest, ATicketHasTheEnvironmentInOrderOfPrecedence) {
  context("first", {{"SHARED", "from first"}, {"FROM_CONTEXT", "context"}, {"CI", "from context"}});
  context("second", {{"SHARED", "from second"}});
  for (const std::string name : {"SHARED", "FROM_PROJECT", "CI", "JOB"}) {
    ASSERT_TRUE(world_->variables.store(widgets.id, name, "from project", actor(alice)));
  }
  push_config(
      "version: 2.1\njobs:\n  test:\n    docker: [{image: \"cimg/node:22.14\"}]\n"
      "    environment: {JOB: from job, CIRCLE_JOB: overridden}\n    steps: [checkout]\n"
      "workflows: {w: {jobs: [{test: {context: [first, second]}}]}}\n");
  const auto ticket = claim();
  ASSERT_TRUE(ticket);
  EXPECT_EQ(variable(*ticket, "FROM_PROJECT"), "from project");
  EXPECT_EQ(variable(*ticket, "FROM_CONTEXT"), "context");
  EXPECT_EQ(variable(*ticket, "SHARED"), "from second");
  EXPECT_EQ(variable(*ticket, "CI"), "true");
  EXPECT_EQ(variable(*ticket, "JOB"), "from job");
  EXPECT_EQ(variable(*ticket, "CIRCLE_JOB"), "overridden");
  // The protocol's own rule about the order holds, or the runner would refuse the ticket.
  EXPECT_TRUE(runner::decode<runner::JobTicket>(runner::encode(*ticket)));
}

TEST_F(DispatchTest, ATicketHasTheBuiltInVariables) {
  const Pipeline pipeline = push_config(simple, "main", bob);
  const auto ticket = claim();
  ASSERT_TRUE(ticket);
  const WorkflowView view = workflow(pipeline.id);
  const std::pair<std::string, std::string> expected[] = {
      {"CI", "true"},
      {"CIRCLECI", "true"},
      {"CIRCLE_BRANCH", "main"},
      {"CIRCLE_BUILD_NUM", "1"},
      {"CIRCLE_BUILD_URL", "https://ci.example:4873/job/" + view.jobs[0].id},
      {"CIRCLE_JOB", "test"},
      {"CIRCLE_NODE_INDEX", "0"},
      {"CIRCLE_NODE_TOTAL", "1"},
      {"CIRCLE_ORGANIZATION_ID", acme.id},
      {"CIRCLE_PIPELINE_ID", pipeline.id},
      {"CIRCLE_PROJECT_ID", widgets.id},
      {"CIRCLE_PROJECT_REPONAME", "widgets"},
      {"CIRCLE_PROJECT_USERNAME", "acme"},
      {"CIRCLE_REPOSITORY_URL", "https://ci.example:4873/git/acme/widgets.git"},
      {"CIRCLE_SHA1", pipeline.revision},
      {"CIRCLE_TAG", "(unset)"},
      {"CIRCLE_USERNAME", "bob"},
      {"CIRCLE_WORKFLOW_ID", view.workflow.id},
      {"CIRCLE_WORKFLOW_JOB_ID", view.jobs[0].id},
      {"CIRCLE_WORKFLOW_WORKSPACE_ID", view.workflow.id},
      {"CIRCLE_PR_NUMBER", "(unset)"},
      {"CIRCLE_PULL_REQUEST", "(unset)"},
      {"CIRCLE_PULL_REQUESTS", "(unset)"}};
  for (const auto& [name, value] : expected) EXPECT_EQ(variable(*ticket, name), value) << name;
  EXPECT_EQ(ticket->image, "cimg/node:22.14");
  EXPECT_EQ(ticket->job_id, view.jobs[0].id);
}

TEST_F(DispatchTest, SecretsAreListedForMasking) {
  context("guard", {{"LONG", "context-secret"}, {"SHORT", "abc"}, {"FLAG", "true"}});
  ASSERT_TRUE(world_->variables.store(widgets.id, "OWN", "own-secret", actor(alice)));
  push_config(guarded);
  const auto ticket = claim();
  ASSERT_TRUE(ticket);
  EXPECT_THAT(ticket->secrets, Contains("context-secret"));
  EXPECT_THAT(ticket->secrets, Contains("own-secret"));
  EXPECT_THAT(ticket->secrets, Contains(variable(*ticket, "CIRCLE_OIDC_TOKEN")));
  EXPECT_THAT(ticket->secrets, Contains(variable(*ticket, "CIRCLE_OIDC_TOKEN_V2")));
  EXPECT_THAT(ticket->secrets, Not(Contains("abc")));
  EXPECT_THAT(ticket->secrets, Not(Contains("true")));
}

TEST_F(DispatchTest, TheTokenSaysWhoTheJobIs) {
  const Context guard = context("guard");
  const Pipeline pipeline = push_config(guarded, "main", bob);
  const auto ticket = claim();
  ASSERT_TRUE(ticket);
  const jose::Token token = token_of(*ticket);
  EXPECT_EQ(claim_text(token, "org-id"), acme.id);
  EXPECT_EQ(claim_text(token, "project-id"), widgets.id);
  EXPECT_EQ(claim_text(token, "pipeline-id"), pipeline.id);
  EXPECT_EQ(claim_text(token, "pipeline-definition-id"), pipeline.definition_id);
  EXPECT_EQ(claim_text(token, "job-id"), ticket->job_id);
  EXPECT_EQ(claim_text(token, "vcs-origin"), "ci.example:4873/acme/widgets");
  EXPECT_EQ(claim_text(token, "vcs-ref"), "refs/heads/main");
  EXPECT_EQ(claim_text(token, "ssh-rerun"), "false");
  EXPECT_EQ(claim_text(token, "context-ids"), "[\"" + guard.id + "\"]");
}

TEST_F(DispatchTest, UnauthorizedJobsRunNothingAndSayWhy) {
  const Context guard = context("guard", {{"GUARDED", "guarded-value"}});
  restrict(guard, RestrictionKind::expression, "pipeline.git.branch == \"main\"");
  const Pipeline denied = push_config(guarded, "feature", bob);
  EXPECT_FALSE(claim());
  const Job job = this->job(denied.id, "publish");
  EXPECT_EQ(job.status, JobStatus::unauthorized);
  EXPECT_THAT(job.reason, HasSubstr("pipeline.git.branch == \"main\""));
  EXPECT_EQ(state(denied.id), "unauthorized: publish=unauthorized");
  EXPECT_FALSE(job.started);
  const Pipeline allowed = push_config(guarded, "main", bob);
  EXPECT_EQ(dispatched(allowed).status, JobStatus::running);
}

TEST_F(DispatchTest, ContextsAreDecidedWhenTheJobIsDispatchedNotWhenItWasQueued) {
  const Context guard = context("guard");
  const Pipeline pipeline = push_config(guarded);
  restrict(guard, RestrictionKind::project, "1a2b0000-0000-4000-8000-000000000009");
  EXPECT_EQ(dispatched(pipeline).status, JobStatus::unauthorized);
}

TEST_F(DispatchTest, SomebodyWhoLeftTheOrganisationUsesNoContext) {
  context("guard");
  const Pipeline pipeline = push_config(guarded, "main", bob);
  ASSERT_TRUE(world_->accounts.organizations.remove_member(acme, bob, accounts::Actor::system()));
  EXPECT_EQ(dispatched(pipeline).status, JobStatus::unauthorized);
}

TEST_F(DispatchTest, AContextThatDoesNotExistFailsTheJobOnly) {
  const Pipeline pipeline =
      push_config(config_with({"publish", "test"}, "- publish:\n    context: nosuch\n- test"));
  EXPECT_TRUE(claim());  // the next job in the queue is not held up
  EXPECT_EQ(state(pipeline.id), "failing: publish=failed test=running");
  EXPECT_THAT(job(pipeline.id, "publish").reason, HasSubstr("nosuch"));
}

// A damaged value must neither be left out nor keep everybody's jobs from running.
TEST_F(DispatchTest, AValueThatCannotBeOpenedFailsItsJobAlone) {
  context("guard", {{"GUARDED", "guarded-value"}});
  ASSERT_TRUE(database_->write([](db::Session& session) -> Result<void> {
    session.run("UPDATE ci_context_variables SET sealed_value = 'damaged'");
    return {};
  }));
  const Pipeline pipeline =
      push_config(config_with({"publish", "test"}, "- publish:\n    context: guard\n- test"));
  const auto ticket = claim();
  ASSERT_TRUE(ticket);
  EXPECT_EQ(ticket->job_name, "test");
  EXPECT_EQ(job(pipeline.id, "publish").status, JobStatus::infrastructure_fail);
}

TEST_F(DispatchTest, BehindAnApprovalTheApproverUsesTheContexts) {
  const Context guard = context("guard");
  const auto core = world_->accounts.groups.create(acme, "core", accounts::Actor::system()).value();
  ASSERT_TRUE(world_->accounts.groups.add(acme, core, carol, accounts::Actor::system()));
  ASSERT_TRUE(world_->restrictions.remove(guard.id, acme.id, actor(alice)));
  restrict(guard, RestrictionKind::group, core.id);
  const std::string held = config_with(
      {"publish"},
      "- hold:\n    type: approval\n- publish:\n    context: guard\n    requires: [hold]");
  const auto approve = [&](const Pipeline& pipeline, const accounts::Person& by,
                           std::size_t index = 0) {
    ASSERT_TRUE(world_->pipelines.controls.approve(workflow(pipeline.id, index).workflow.id,
                                                   job(pipeline.id, "hold", index).id, actor(by)));
  };
  // bob pushes and carol, who is in the group, approves.
  const Pipeline by_carol = push_config(held, "main", bob);
  approve(by_carol, carol);
  EXPECT_EQ(dispatched(by_carol).status, JobStatus::running);
  // carol pushes and bob, who is not, approves: anybody may click, and it is then bob's job.
  const Pipeline by_bob = push_config(held, "main", carol);
  approve(by_bob, bob);
  EXPECT_EQ(dispatched(by_bob).status, JobStatus::unauthorized);
}

// Otherwise bob could run what carol approved once as often as he likes, in her name.
TEST_F(DispatchTest, AnApprovalThatARerunTookOverOpensNothingInTheApproversName) {
  const Context guard = context("guard");
  const auto core = world_->accounts.groups.create(acme, "core", accounts::Actor::system()).value();
  ASSERT_TRUE(world_->accounts.groups.add(acme, core, carol, accounts::Actor::system()));
  ASSERT_TRUE(world_->restrictions.remove(guard.id, acme.id, actor(alice)));
  restrict(guard, RestrictionKind::group, core.id);
  const Pipeline pipeline = push_config(
      config_with(
          {"publish"},
          "- hold:\n    type: approval\n- publish:\n    context: guard\n    requires: [hold]"),
      "main", bob);
  ASSERT_TRUE(world_->pipelines.controls.approve(workflow(pipeline.id).workflow.id,
                                                 job(pipeline.id, "hold").id, actor(carol)));
  finish(*claim(), runner::JobOutcome::failed);
  for (const auto& [again, expected] :
       {std::pair{bob, JobStatus::unauthorized}, {carol, JobStatus::running}}) {
    const auto view = world_->pipelines.reader.pipeline(pipeline.id).value().workflows.back();
    ASSERT_TRUE(
        world_->pipelines.controls.rerun(view.workflow.id, {.from_failed = true}, actor(again)));
    const std::size_t last = world_->pipelines.reader.pipeline(pipeline.id)->workflows.size() - 1;
    EXPECT_EQ(job(pipeline.id, "hold", last).approver_name, "carol");
    EXPECT_EQ(dispatched(pipeline, "publish", last).status, expected) << again.name;
  }
}

TEST_F(DispatchTest, RerunWithSshIsSeenByTokensAndContexts) {
  const Context guard = context("guard");
  const Pipeline pipeline = push_config(guarded, "main", bob);
  finish(*claim());
  const auto rerun = [&](RerunRequest request) {
    const auto last = world_->pipelines.reader.pipeline(pipeline.id)->workflows.back();
    if (request.enable_ssh) request.jobs = {last.jobs.at(0).id};
    const auto again = world_->pipelines.controls.rerun(last.workflow.id, request, actor(bob));
    ASSERT_TRUE(again) << again.error().message;
  };
  rerun({.enable_ssh = true});
  auto ticket = claim();
  ASSERT_TRUE(ticket);
  EXPECT_EQ(claim_text(token_of(*ticket), "ssh-rerun"), "true");
  EXPECT_THAT(job(pipeline.id, "publish", 1).reason, HasSubstr("no shell"));
  const auto minted = world_->pipelines.running.identity_token(
      runner_, ticket->job_id, {ticket->lease, R"({"aud":"npm:localhost"})", false});
  EXPECT_EQ(claim_text(jose::parse_token(minted->token).value(), "ssh-rerun"), "true");
  finish(*ticket);
  // Whoever was in the job once may have left something behind.
  rerun({});
  ticket = claim();
  ASSERT_TRUE(ticket);
  EXPECT_EQ(claim_text(token_of(*ticket), "ssh-rerun"), "true");
  finish(*ticket);
  restrict(guard, RestrictionKind::expression, "not job.ssh.enabled");
  rerun({});
  EXPECT_FALSE(claim());
  EXPECT_EQ(job(pipeline.id, "publish", 3).status, JobStatus::unauthorized);
}

TEST_F(DispatchTest, AJobGoesToARunnerOfItsResourceClass) {
  push_config(
      "version: 2.1\njobs:\n  big:\n    docker: [{image: \"cimg/node:22.14\"}]\n"
      "    resource_class: acme/big\n    steps: [checkout]\nworkflows: {w: {jobs: [big]}}\n");
  EXPECT_FALSE(try_claim(new_uuid(), {"small"}).value());
  EXPECT_TRUE(try_claim(new_uuid(), {"small", "acme/big"}).value());
  push_config(config_with({"any"}, "- any"));
  EXPECT_TRUE(try_claim(new_uuid(), {"small"}).value());
}

TEST_F(DispatchTest, TheSameClaimGetsTheSameTicketUntilTheJobEnds) {
  push_config(config_with({"a", "b"}, "- a\n- b"));
  const std::string claim_id = new_uuid();
  const auto first = try_claim(claim_id).value();
  const auto second = try_claim(claim_id).value();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(runner::encode(*first), runner::encode(*second));
  // Another runner that learned the id gets nothing of it.
  const std::string token =
      world_->pipelines.runner_tokens.create("runner-2", accounts::Actor::system()).value();
  const auto thief = world_->pipelines.runner_tokens.verify(token).value();
  const auto stolen = world_->pipelines.dispatch.claim(
      thief, {.claim_id = claim_id, .runner_name = "", .labels = {}, .wait_seconds = 0});
  EXPECT_EQ((*stolen)->job_name, "b");
  finish(*first);
  EXPECT_FALSE(try_claim(claim_id).value());
}

TEST_F(DispatchTest, WhatAStoppingRunnerGivesBackWaitsForAnother) {
  context("guard", {{"TOKEN", "hunter22"}});
  const Pipeline pipeline = push_config(guarded);
  const std::string claim_id = new_uuid();
  const auto first = try_claim(claim_id).value().value();
  ASSERT_TRUE(world_->pipelines.dispatch.give_back(runner_, {claim_id}));
  EXPECT_EQ(state(pipeline.id), "running: publish=queued");
  EXPECT_FALSE(job(pipeline.id, "publish").started);
  // The lease and the credential of the claim are worth nothing any more.
  EXPECT_EQ(
      world_->pipelines.running.heartbeat(runner_, first.job_id, {first.lease}).error().code(),
      "lease_lost");
  // It may still be on its way, and must not take the job along.
  EXPECT_FALSE(try_claim(claim_id).value());
  const auto second = claim();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->job_id, first.job_id);
  EXPECT_NE(second->lease, first.lease);
  EXPECT_EQ(variable(*second, "TOKEN"), "hunter22");
  EXPECT_EQ(variable(*second, "CIRCLE_BUILD_NUM"), variable(first, "CIRCLE_BUILD_NUM"));
}

TEST_F(DispatchTest, OnlyAJobThatHasNotBegunIsGivenBack) {
  const Pipeline pipeline = push_config(simple);
  const std::string claim_id = new_uuid();
  const auto ticket = try_claim(claim_id).value().value();
  const RunnerIdentity other{new_uuid(), "other", {}};
  ASSERT_TRUE(world_->pipelines.dispatch.give_back(other, {claim_id}));
  EXPECT_EQ(state(pipeline.id), "running: test=running");
  ASSERT_TRUE(world_->pipelines.running.apply(
      runner_, ticket.job_id, batch(ticket.lease, 1, {runner::StepStarted{0, "a"}})));
  ASSERT_TRUE(world_->pipelines.dispatch.give_back(runner_, {claim_id}));
  EXPECT_EQ(state(pipeline.id), "running: test=running");
}

TEST_F(DispatchTest, ACanceledJobThatIsGivenBackIsCanceled) {
  const Pipeline pipeline = push_config(simple);
  const std::string claim_id = new_uuid();
  const auto ticket = try_claim(claim_id).value().value();
  ASSERT_TRUE(world_->pipelines.controls.cancel_job(ticket.job_id, actor(bob)));
  ASSERT_TRUE(world_->pipelines.dispatch.give_back(runner_, {claim_id}));
  EXPECT_EQ(state(pipeline.id), "canceled: test=canceled");
}

// Between the two transactions of a claim: nobody else knows the ticket yet.
TEST_F(DispatchTest, AJobThatIsCanceledWhileItIsGivenAwayIsNotHandedOver) {
  const Pipeline pipeline = push_config(config_with({"a", "b"}, "- a\n- b"));
  const std::string id = job(pipeline.id, "a").id;
  mortal_.between(1, [&] {
    ASSERT_EQ(job(pipeline.id, "a").status, JobStatus::running);
    ASSERT_TRUE(world_->pipelines.controls.cancel_job(id, actor(bob)));
  });
  const auto ticket = claim();
  ASSERT_TRUE(ticket);  // the claim is good for the next job
  EXPECT_EQ(ticket->job_id, job(pipeline.id, "b").id);
  EXPECT_EQ(job(pipeline.id, "a").status, JobStatus::canceled);
  for (const auto& entry : audited("oidc.token.mint")) {
    EXPECT_EQ(entry.record.subject, "job:" + ticket->job_id);
  }
}

TEST_F(DispatchTest, AJobThatIsCanceledBeforeItsClaimIsRepeatedIsNotHandedOver) {
  for (const bool answered : {false, true}) {
    const Pipeline pipeline = push_config(config_with({"test"}, "- test"));
    const std::string claim_id = new_uuid();
    if (!answered) mortal_.die_after(1);  // the server stops between the two transactions
    EXPECT_EQ(try_claim(claim_id).has_value(), answered);
    mortal_.revive();
    const auto minted = audited("oidc.token.mint").size();
    ASSERT_TRUE(world_->pipelines.controls.cancel_job(job(pipeline.id, "test").id, actor(bob)));
    EXPECT_EQ(try_claim(claim_id).value(), std::nullopt);
    EXPECT_EQ(state(pipeline.id), "canceled: test=canceled");
    EXPECT_EQ(audited("oidc.token.mint").size(), minted);
  }
}

// What is minted and what is handed over commit together.
TEST_F(DispatchTest, NoTokenIsMintedForATicketThatIsNotStored) {
  push_config(config_with({"test"}, "- test"));
  const std::string claim_id = new_uuid();
  mortal_.die_after(1);
  EXPECT_FALSE(try_claim(claim_id));
  mortal_.revive();
  EXPECT_TRUE(audited("oidc.token.mint").empty());
  EXPECT_TRUE(try_claim(claim_id).value());
  EXPECT_EQ(audited("oidc.token.mint").size(), 2U);
}

TEST_F(DispatchTest, WithoutASigningKeyTheJobWaitsForTheClaimToBeRepeated) {
  const Pipeline pipeline = push_config(config_with({"test"}, "- test"));
  const auto set_key_time = [&](std::int64_t signs_from) {
    ASSERT_TRUE(database_->write([&](db::Session& session) -> Result<void> {
      session.run("UPDATE ci_signing_keys SET signs_from = :p1", {signs_from});
      return {};
    }));
  };
  set_key_time(to_milliseconds(clock_.now() + std::chrono::hours(1)));
  const std::string claim_id = new_uuid();
  EXPECT_EQ(try_claim(claim_id).error().code(), "no_signing_key");
  EXPECT_EQ(job(pipeline.id, "test").status, JobStatus::running);
  ASSERT_EQ(audited("oidc.token.mint").size(), 1U);
  EXPECT_EQ(audited("oidc.token.mint").front().record.outcome, "no_signing_key");
  set_key_time(0);
  EXPECT_TRUE(try_claim(claim_id).value());
}

TEST_F(DispatchTest, NothingSecretOfATicketIsReadableAtRest) {
  context("guard", {{"GUARDED", "guarded-value"}});
  push_config(guarded);
  const auto ticket = claim();
  const auto rows = database_->read([](db::Session& session) -> Result<std::string> {
    const auto row = session.row(
        "SELECT sealed, lease_hash, credential_hash, template FROM ci_jobs "
        "JOIN ci_job_tickets ON job_id = id");
    return row->text(0) + row->text(1) + row->text(2) + row->text(3);
  });
  for (const std::string& secret : ticket->secrets) EXPECT_THAT(*rows, Not(HasSubstr(secret)));
  EXPECT_THAT(*rows, Not(HasSubstr(ticket->lease)));
  finish(*ticket);
  const auto left = database_->read([](db::Session& session) -> Result<std::string> {
    return session
        .row(
            "SELECT sealed || credential_hash FROM ci_jobs JOIN "
            "ci_job_tickets ON job_id = id")
        ->text(0);
  });
  EXPECT_EQ(*left, "");
}

class RacingRunnersTest : public DispatchTest {
 protected:
  RacingRunnersTest() : DispatchTest(Place::disk) {}
};

TEST_F(RacingRunnersTest, EveryJobGoesToExactlyOneOfThem) {
  std::vector<std::string> names;
  std::string list;
  for (int i = 0; i < 12; ++i) {
    names.push_back("job" + std::to_string(i));
    list += "- " + names.back() + "\n";
  }
  const Pipeline pipeline = push_config(config_with(names, list));
  std::mutex mutex;
  std::multiset<std::string> taken;
  {
    std::vector<std::jthread> runners;
    for (int i = 0; i < 4; ++i) {
      runners.emplace_back([&] {
        while (const auto ticket = claim()) {
          const std::lock_guard lock(mutex);
          taken.insert(ticket->job_id);
        }
      });
    }
  }
  EXPECT_EQ(taken.size(), 12U);
  EXPECT_EQ(std::set(taken.begin(), taken.end()).size(), 12U);
  // The same claim, sent by an impatient runner several times at once, is one claim.
  push_config(simple);
  const std::string claim_id = new_uuid();
  std::set<std::string> tickets;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const auto ticket = try_claim(claim_id).value();
        const std::lock_guard lock(mutex);
        tickets.insert(ticket ? runner::encode(*ticket) : "none");
      });
    }
  }
  EXPECT_THAT(tickets, SizeIs(1));
}

}  // namespace
}  // namespace imp::ci
