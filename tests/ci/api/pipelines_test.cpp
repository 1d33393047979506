#include "ci/api/engine_fixture.h"

namespace imp::ci {
namespace {

using runner::JobFinished;
using runner::JobOutcome;
using runner::StepOutput;
using runner::StepStarted;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class PipelineRoutesTest : public EngineApiTest {
 protected:
  PipelineRoutesTest() {
    commit(simple, "Subject");
    place(widgets);
  }
  std::string drained(const http::Response& response, std::string& topic) {
    const auto& stream = std::get<http::StreamBody>(response.body);
    std::string text;
    for (int i = 0; i < 10; ++i) {
      http::StreamStep step = stream.next();
      text += step.bytes;
      topic = step.wait_topic;
      if (step.done || !step.wait_topic.empty()) break;
    }
    return text;
  }
};

TEST_F(PipelineRoutesTest, RunShowAndFollow) {
  const Answer created = post(project_path + "/pipeline/run", bob, run_body());
  ASSERT_EQ(created.status, 201) << created.text();
  EXPECT_EQ(created.at("state"), "created");
  EXPECT_EQ(created.body.at("number"), 1);
  const std::string path = "/api/v2/pipeline/" + created.at("id");
  const Answer shown = get(path, carol);
  ASSERT_EQ(shown.status, 200);
  EXPECT_EQ(shown.at("project_slug"), "circleci/acme/widgets");
  EXPECT_EQ(shown.body.at("trigger").at("actor").at("login"), "bob");
  EXPECT_EQ(shown.body.at("vcs").at("branch"), "main");
  EXPECT_EQ(shown.body.at("vcs").at("commit").at("subject"), "Subject");
  EXPECT_EQ(get(path + "/config", carol).at("source"), simple);
  EXPECT_THAT(get(path + "/config", carol).at("compiled"), HasSubstr("version: 2"));
  EXPECT_EQ(get(path + "/values", carol).at("pipeline.git.branch"), "main");
  const Answer workflows = get(path + "/workflow", carol);
  EXPECT_THAT(workflows.items("name"), ElementsAre("main"));
  const std::string workflow = "/api/v2/workflow/" + workflows.items("id").at(0);
  EXPECT_EQ(get(workflow, carol).at("status"), "running");
  const Answer jobs = get(workflow + "/job", carol);
  EXPECT_THAT(jobs.items("name"), ElementsAre("test", "hold"));
  EXPECT_THAT(jobs.items("type"), ElementsAre("build", "approval"));
  EXPECT_THAT(jobs.items("status"), ElementsAre("queued", "blocked"));
  const auto& hold = jobs.body.at("items").at(1);
  EXPECT_EQ(hold.at("approval_request_id"), hold.at("id"));
  EXPECT_EQ(hold.at("dependencies").at(0), jobs.body.at("items").at(0).at("id"));
}

TEST_F(PipelineRoutesTest, ApproveCancelAndRerun) {
  const std::string workflow = "/api/v2/workflow/" + only_workflow(run(bob));
  const auto ticket = claim();
  ASSERT_EQ(send_events(ticket, 1, {JobFinished{JobOutcome::success, false, ""}}).status, 200);
  const std::string approval = get(workflow + "/job", bob).items("id").at(1);
  EXPECT_EQ(post(workflow + "/approve/" + new_uuid(), carol, "").status, 404);
  EXPECT_EQ(post(workflow + "/approve/" + approval, carol, "").status, 202);
  EXPECT_EQ(post(workflow + "/approve/" + approval, carol, "").status, 409);
  EXPECT_EQ(get(workflow, bob).at("status"), "success");
  EXPECT_EQ(post(workflow + "/cancel", bob, "").status, 409);
  const Answer again = post(workflow + "/rerun", carol, "{}");
  ASSERT_EQ(again.status, 202) << again.text();
  const std::string second = "/api/v2/workflow/" + again.at("workflow_id");
  EXPECT_EQ(post(second + "/rerun", carol, "").status, 409);
  EXPECT_EQ(post(second + "/cancel", bob, "").status, 202);
  EXPECT_EQ(get(second, bob).at("status"), "canceled");
  EXPECT_EQ(get(second, bob).at("canceled_by"), "bob");
  const std::string job = get(workflow + "/job", bob).items("id").at(0);
  const Answer ssh =
      post(workflow + "/rerun", bob, "{\"enable_ssh\":true,\"jobs\":[\"" + job + "\"]}");
  EXPECT_EQ(ssh.status, 202);
  EXPECT_THAT(ssh.message(), HasSubstr("no shell"));
  for (const std::string body :
       {"{\"enable_ssh\":true}", "{\"jobs\":\"x\"}", "{\"jobs\":[1]}", "{\"sparse_tree\":true}",
        "{\"from_failed\":1}", "[]", "{\"from_failed\":true,\"jobs\":[\"x\"]}"}) {
    EXPECT_EQ(post(second + "/rerun", bob, body).status, 400) << body;
  }
}

TEST_F(PipelineRoutesTest, WhatIsAnotherOrganisationsIsNotFound) {
  const std::string pipeline = run(bob), workflow = only_workflow(pipeline);
  const std::string job = get("/api/v2/workflow/" + workflow + "/job", bob).items("id").at(0);
  for (const std::string& path :
       {"/api/v2/pipeline/" + pipeline, "/api/v2/pipeline/" + pipeline + "/config",
        "/api/v2/pipeline/" + pipeline + "/values", "/api/v2/pipeline/" + pipeline + "/workflow",
        "/api/v2/workflow/" + workflow, "/api/v2/workflow/" + workflow + "/job",
        project_path + "/pipeline", project_path + "/job/1", project_path + "/job/1/output"}) {
    EXPECT_EQ(get(path, mallory).status, 404) << path;
    EXPECT_EQ(get(path, bob).status, 200) << path;
  }
  for (const std::string& path :
       {project_path + "/pipeline/run", "/api/v2/workflow/" + workflow + "/cancel",
        "/api/v2/workflow/" + workflow + "/rerun",
        "/api/v2/workflow/" + workflow + "/approve/" + job, project_path + "/job/1/cancel",
        "/api/v2/jobs/" + job + "/cancel"}) {
    EXPECT_EQ(post(path, mallory, run_body()).status, 404) << path;
  }
  EXPECT_EQ(get("/api/v2/pipeline/" + new_uuid(), bob).text(),
            get("/api/v2/pipeline/" + pipeline, mallory).text());
}

TEST_F(PipelineRoutesTest, MalformedRuns) {
  const std::string id = definitions_.list(widgets.id)->at(0).id;
  const std::string both = R"(,"config":{"branch":"main"},"checkout":{"branch":"main"})";
  const auto with_parameters = [&](const std::string& parameters) {
    return "{\"definition_id\":\"" + id + "\"" + both + ",\"parameters\":" + parameters + "}";
  };
  std::string many_parameters = R"({"p":1)";
  for (int i = 0; i < 100; ++i) many_parameters += ",\"p" + std::to_string(i) + "\":1";
  many_parameters += "}";
  const struct {
    std::string body;
    int status;
  } cases[] = {{"", 400},
               {"{}", 400},
               {"{\"definition_id\":\"" + id + "\"}", 400},
               {"{\"definition_id\":1" + both + "}", 400},
               {"{\"definition_id\":\"" + new_uuid() + "\"" + both + "}", 404},
               {"{\"definition_id\":\"" + id + "\"" + both + ",\"parameters\":[]}", 400},
               {"{\"definition_id\":\"" + id + "\"" + both + ",\"parameters\":{\"a\":1.5}}", 400},
               {"{\"definition_id\":\"" + id +
                    R"(","config":{"branch":"main"},"checkout":{"branch":"a","tag":"b"}})",
                400},
               // A configuration that is in no repository is refused, not replaced by another.
               {"{\"definition_id\":\"" + id +
                    R"(","config":{"branch":"main","content":"x"},"checkout":{"branch":"main"}})",
                400},
               {with_parameters(R"({")" + std::string(129, 'n') + R"(":"v"})"), 400},
               {with_parameters(R"({"n":")" + std::string(513, 'v') + R"("})"), 400},
               {with_parameters(many_parameters), 400}};
  for (const auto& [body, status] : cases) {
    EXPECT_EQ(post(project_path + "/pipeline/run", bob, body).status, status) << body;
  }
}

TEST_F(PipelineRoutesTest, ListsInPages) {
  for (int i = 0; i < 23; ++i) run(bob);
  const Answer first = get(project_path + "/pipeline", bob);
  EXPECT_THAT(first.items("id"), SizeIs(20));
  const Answer second =
      get(project_path + "/pipeline?page-token=" + first.at("next_page_token"), bob);
  auto all = first.items("id");
  const auto rest = second.items("id");
  EXPECT_THAT(rest, SizeIs(3));
  all.insert(all.end(), rest.begin(), rest.end());
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::unique(all).begin(), all.end());
  EXPECT_TRUE(second.body.at("next_page_token").is_null());
  EXPECT_THAT(get(project_path + "/pipeline?branch=other", bob).items("id"), IsEmpty());
}

TEST_F(PipelineRoutesTest, JobDetailsOutputAndCancel) {
  run(bob);
  const auto ticket = claim();
  ASSERT_EQ(
      send_events(ticket, 1, {StepStarted{1, "Checkout code"}, StepOutput{1, "caf\xc3"}}).status,
      200);
  ASSERT_EQ(send_events(ticket, 3, {StepOutput{1, "\xa9\xff\n"}}).status, 200);
  const Answer job = get(project_path + "/job/1", bob);
  EXPECT_EQ(job.at("status"), "running");
  EXPECT_EQ(job.at("name"), "test");
  EXPECT_THAT(job.at("web_url"), HasSubstr("/job/" + ticket.job_id));
  const Answer output = get(project_path + "/job/1/output", bob);
  EXPECT_EQ(output.body.at("steps").at(0).at("output"), "caf\u00e9\ufffd\n");
  EXPECT_EQ(output.body.at("ended"), false);
  EXPECT_EQ(output.body.at("next"), 3);
  EXPECT_EQ(get(project_path + "/job/2", bob).status, 404);
  EXPECT_EQ(get(project_path + "/job/x", bob).status, 404);
  EXPECT_EQ(get(project_path + "/job/1/output?after=-1", bob).status, 400);
  EXPECT_EQ(get(project_path + "/job/1/output?wait=61", bob).status, 400);
  EXPECT_EQ(post(project_path + "/job/1/cancel", bob, "").status, 202);
  const Answer reply = send_events(ticket, 4, {JobFinished{JobOutcome::canceled, false, ""}});
  EXPECT_EQ(reply.body.at("cancel"), true);
  EXPECT_EQ(get(project_path + "/job/1/output?after=3", bob).body.at("ended"), true);
  EXPECT_EQ(post(project_path + "/job/1/cancel", bob, "").status, 409);
}

TEST_F(PipelineRoutesTest, OutputIsWaitedForWhileTheJobRuns) {
  run(bob);
  const auto ticket = claim();
  const Answer waiting = get(project_path + "/job/1/output?wait=20", bob);
  ASSERT_TRUE(std::holds_alternative<http::WaitFor>(waiting.response.body));
  const auto& wait = std::get<http::WaitFor>(waiting.response.body);
  EXPECT_EQ(wait.at_most, std::chrono::seconds(20));
  bool woken = false;
  const auto subscription = waiters_.subscribe(wait.topic, [&] { woken = true; });
  ASSERT_EQ(send_events(ticket, 1, {StepOutput{0, "x"}}).status, 200);
  EXPECT_TRUE(woken);
  EXPECT_EQ(get(project_path + "/job/1/output?wait=20", bob).body.at("next"), 1);
}

TEST_F(PipelineRoutesTest, LiveOutputAsServerSentEvents) {
  run(bob);
  const auto ticket = claim();
  ASSERT_EQ(send_events(ticket, 1, {StepStarted{1, "Run"}, StepOutput{1, "a\nb caf\xc3"}}).status,
            200);
  http::Request request;
  request.target = project_path + "/job/1/output";
  request.headers = {{"Circle-Token", bob.token}, {"Accept", "text/event-stream"}};
  auto match = router_.match(request);
  const http::Response response = match.route->handler(request);
  EXPECT_THAT(response.headers,
              Contains(std::pair<std::string, std::string>("x-accel-buffering", "no")));
  std::string topic;
  std::string text = drained(response, topic);
  EXPECT_THAT(text, HasSubstr("event: step\ndata: {\"number\":1,\"name\":\"Run\""));
  // A character that has not come whole is held back, and no line of output can end an event.
  EXPECT_THAT(text,
              HasSubstr("id: 2\nevent: output\ndata: {\"step\":1,\"text\":\"a\\nb caf\"}\n\n"));
  EXPECT_FALSE(topic.empty());
  ASSERT_EQ(
      send_events(ticket, 3, {StepOutput{1, "\xa9"}, JobFinished{JobOutcome::success, false, ""}})
          .status,
      200);
  text = drained(response, topic);
  EXPECT_THAT(text, HasSubstr("{\"step\":1,\"text\":\"\u00e9\"}"));
  EXPECT_THAT(text, HasSubstr("event: end\ndata: {\"status\":\"success\"}\n\n"));
  // A browser that reconnects sends the last id it saw.
  request.headers.emplace_back("Last-Event-ID", "3");
  match = router_.match(request);
  EXPECT_THAT(drained(match.route->handler(request), topic), Not(HasSubstr("event: output")));
}

TEST_F(PipelineRoutesTest, LiveOutputEndsForWhoLeavesTheOrganization) {
  run(bob);
  const auto ticket = claim();
  http::Request request;
  request.target = project_path + "/job/1/output";
  request.headers = {{"Circle-Token", bob.token}, {"Accept", "text/event-stream"}};
  auto match = router_.match(request);
  const http::Response response = match.route->handler(request);
  const auto& stream = std::get<http::StreamBody>(response.body);
  EXPECT_FALSE(stream.next().done);
  ASSERT_TRUE(accounts_.organizations.remove_member(acme, bob.person, accounts::Actor::system()));
  ASSERT_EQ(send_events(ticket, 1, {StepOutput{1, "not for bob"}}).status, 200);
  const http::StreamStep step = stream.next();
  EXPECT_EQ(step.bytes, "");
  EXPECT_TRUE(step.done);
}

// What is slow about a program must not keep requests that need the database alone.
TEST_F(PipelineRoutesTest, WhatWaitsForGitHasWorkersOfItsOwn) {
  for (const std::string& target : {project_path + "/pipeline/run", project_path + "/pull-request",
                                    std::string("/api/v2/organization/acme/project"),
                                    std::string("/git/acme/widgets.git/git-receive-pack")}) {
    http::Request request;
    request.method = http::Method::post;
    request.target = target;
    const auto match = router_.match(request);
    ASSERT_TRUE(match.route) << target;
    EXPECT_EQ(match.route->options.pool, http::Pool::program) << target;
  }
}

TEST_F(PipelineRoutesTest, PullRequestsOfForks) {
  const Project fork = hosted(others, "widgets");
  place(fork);
  const std::string body = "{\"fork\":\"circleci/others/widgets\",\"branch\":\"main\"}";
  // Mallory does not see acme's project, unless it takes what strangers send.
  EXPECT_EQ(post(project_path + "/pull-request", mallory, body).status, 404);
  EXPECT_EQ(
      patch(project_path + "/settings", alice, R"({"advanced":{"build_fork_prs":true}})").status,
      200);
  const Answer opened = post(project_path + "/pull-request", mallory, body);
  ASSERT_EQ(opened.status, 201) << opened.text();
  EXPECT_EQ(opened.body.at("pull_request"), 1);
  EXPECT_EQ(opened.body.at("pipelines").as_array().size(), 1U);
  // Nobody speaks for a fork that is not theirs.
  EXPECT_EQ(post(project_path + "/pull-request", bob, body).status, 404);
  EXPECT_EQ(post(project_path + "/pull-request", mallory, "{\"fork\":\"" + fork.id + "\"}").status,
            400);
}

class RunnerRoutesTest : public PipelineRoutesTest {
 protected:
  Answer claim_with(const std::string& token, std::uint32_t wait = 0, bool expired = false) {
    return ask_as_runner(std::string(runner::claim_path),
                         runner::encode(runner::ClaimRequest{new_uuid(), "m", {}, wait}), token,
                         expired);
  }
};

TEST_F(RunnerRoutesTest, NeedTheTokenOfARunner) {
  run(bob);
  for (const std::string& token : {std::string(), std::string("imprun_x"), alice.token}) {
    EXPECT_EQ(claim_with(token).status, 401);
    EXPECT_EQ(ask_as_runner(runner::job_path(new_uuid(), "heartbeat"),
                            runner::encode(runner::HeartbeatRequest{"x"}), token)
                  .status,
              401);
  }
  EXPECT_EQ(claim_with(runner_token).status, 200);
}

TEST_F(RunnerRoutesTest, AClaimWaitsForTheQueue) {
  EXPECT_EQ(claim_with(runner_token).status, 204);
  const Answer waiting = claim_with(runner_token, 30);
  const auto& wait = std::get<http::WaitFor>(waiting.response.body);
  EXPECT_EQ(wait.at_most, std::chrono::seconds(30));
  bool woken = false;
  const auto subscription = waiters_.subscribe(wait.topic, [&] { woken = true; });
  EXPECT_EQ(claim_with(runner_token, 30, true).status, 204);
  run(bob);
  EXPECT_TRUE(woken);
  EXPECT_EQ(claim_with(runner_token, 30).status, 200);
}

TEST_F(RunnerRoutesTest, RefusalsAreThoseOfTheProtocol) {
  run(bob);
  const auto ticket = claim();
  const auto heartbeat = [&](const std::string& body) {
    return ask_as_runner(runner::job_path(ticket.job_id, "heartbeat"), body, runner_token);
  };
  EXPECT_EQ(heartbeat(runner::encode(runner::HeartbeatRequest{ticket.lease})).status, 200);
  const Answer lost = heartbeat(runner::encode(runner::HeartbeatRequest{"other"}));
  EXPECT_EQ(lost.status, 409);
  EXPECT_EQ(lost.at("code"), runner::lease_lost_code);
  EXPECT_EQ(heartbeat("{}").status, 400);
  EXPECT_EQ(heartbeat("{\"lease\":\"x\",\"more\":1}").status, 400);
  const Answer token = ask_as_runner(
      runner::job_path(ticket.job_id, "identity-token"),
      runner::encode(runner::TokenRequest{ticket.lease, "{\"sub\":\"x\"}", false}), runner_token);
  EXPECT_EQ(token.status, 400);
  EXPECT_THAT(token.message(), HasSubstr("sub"));
}

TEST_F(RunnerRoutesTest, TokensAreForAdministratorsOfTheServer) {
  EXPECT_EQ(post("/api/v2/runner/token", alice, "{\"name\":\"x\"}").status, 403);
  EXPECT_EQ(get("/api/v2/runner/token", alice).status, 403);
  const auto root = accounts_.people
                        .create({.name = "root",
                                 .email = "root@example.test",
                                 .password = "correct horse battery",
                                 .is_admin = true,
                                 .fullname = {}},
                                accounts::Actor::system())
                        .value();
  accounts::NewToken wanted;
  wanted.kind = accounts::TokenKind::personal;
  wanted.reach = accounts::full_reach();
  const Person admin{root, accounts_.tokens.create(root, wanted, accounts::Actor::system())->token};
  const Answer created = post("/api/v2/runner/token", admin, "{\"name\":\"spare\"}");
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(claim_with(created.at("token")).status, 204);
  const Answer listed = get("/api/v2/runner/token", admin);
  EXPECT_THAT(listed.items("name"), ElementsAre("r", "spare"));
  EXPECT_THAT(listed.text(), Not(HasSubstr("imprun_")));
  EXPECT_EQ(del("/api/v2/runner/token/" + listed.items("id").at(1), admin).status, 200);
  EXPECT_EQ(claim_with(created.at("token")).status, 401);
}

}  // namespace
}  // namespace imp::ci
