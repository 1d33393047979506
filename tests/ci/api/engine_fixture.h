#pragma once

#include <boost/json/serialize.hpp>

#include "base/uuid.h"
#include "ci/api/engine_routes.h"
#include "ci/api/fixture.h"
#include "ci/projects/git_process.h"
#include "ci/runner/protocol.h"
#include "http/waiters.h"

namespace imp::ci {

/// The API with the engine behind it, and a hosted project of acme's.
class EngineApiTest : public ApiTest {
 protected:
  EngineApiTest() {
    EXPECT_TRUE(database_->migrate(pipeline_migrations()));
    EXPECT_TRUE(keys_.ensure());
    add_engine_routes(router_, services_, pipelines_);
    widgets = hosted(acme, "widgets");
    runner_token = pipelines_.runner_tokens.create("r", accounts::Actor::system()).value();
    std::filesystem::create_directories(work());
    git({"init", "--quiet", "--initial-branch=main", work()});
  }

  Project hosted(const accounts::Organization& owner, const std::string& name) {
    NewProject wanted;
    wanted.organization_id = owner.id;
    wanted.organization_name = owner.name;
    wanted.name = name;
    return projects_.create(wanted, accounts::Actor::system()).value();
  }

  std::string work() { return directory() + "/work"; }
  GitOutput try_git(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"-c", "user.name=Ada", "-c", "user.email=a@example.test"});
    return run_git({.arguments = std::move(arguments)}).value();
  }
  void git(std::vector<std::string> arguments) {
    const GitOutput done = try_git(std::move(arguments));
    EXPECT_EQ(done.exit_code, 0) << done.error;
  }
  /// Commits a configuration in the working copy.
  void commit(const std::string& config, const std::string& message = "Change") {
    std::filesystem::create_directories(work() + "/.circleci");
    std::ofstream(work() + "/.circleci/config.yml") << config;
    git({"-C", work(), "add", "."});
    git({"-C", work(), "commit", "--quiet", "--allow-empty", "-m", message});
  }
  /// Puts the working copy's main into a repository behind the server's back.
  void place(const Project& project, const std::string& branch = "main") {
    git({"-C", work(), "push", "--quiet", repositories_.path(project.id), "HEAD:" + branch});
  }

  std::string run_body(const std::string& branch = "main") {
    const std::string definition = definitions_.list(widgets.id)->at(0).id;
    return boost::json::serialize(boost::json::object{{"definition_id", definition},
                                                      {"config", {{"branch", branch}}},
                                                      {"checkout", {{"branch", branch}}}});
  }
  /// The id of a new pipeline of widgets' main.
  std::string run(const Person& by) {
    const Answer answer = post(project_path + "/pipeline/run", by, run_body());
    EXPECT_EQ(answer.status, 201) << answer.text();
    return answer.at("id");
  }
  std::string only_workflow(const std::string& pipeline) {
    return get("/api/v2/pipeline/" + pipeline + "/workflow", alice).items("id").at(0);
  }

  Answer ask_as_runner(const std::string& path, std::string body, const std::string& token,
                       bool wait_expired = false) {
    http::Request request;
    request.method = http::Method::post;
    request.target = path;
    request.headers = {{"Authorization", "Bearer " + token}};
    request.body = std::move(body);
    request.wait_expired = wait_expired;
    return send(std::move(request));
  }
  runner::JobTicket claim() {
    const Answer answer = ask_as_runner(
        std::string(runner::claim_path),
        runner::encode(runner::ClaimRequest{new_uuid(), "machine", {}, 0}), runner_token);
    EXPECT_EQ(answer.status, 200);
    return runner::decode<runner::JobTicket>(std::get<std::string>(answer.response.body)).value();
  }
  Answer send_events(const runner::JobTicket& ticket, std::uint64_t first,
                     std::vector<decltype(runner::Event::what)> events) {
    runner::EventBatch batch{ticket.lease, {}};
    for (auto& what : events) batch.events.push_back({first++, 1, std::move(what)});
    return ask_as_runner(runner::job_path(ticket.job_id, "events"), runner::encode(batch),
                         runner_token);
  }

  http::Waiters waiters_;
  DeployMarkers markers_{*database_, clock_};
  ContextAccess access_{context_variables_, clock_, metrics_};
  std::string url_ = "https://ci.example:4873";
  Pipelines pipelines_{{.database = *database_,
                        .clock = clock_,
                        .random = crypto::system_random(),
                        .sealer = sealer_,
                        .log = null_log(),
                        .metrics = metrics_,
                        .waiters = waiters_,
                        .definitions = definitions_,
                        .repositories = repositories_,
                        .variables = project_variables_,
                        .contexts = access_,
                        .issuer = issuer_,
                        .deploys = markers_,
                        .public_url = url_}};
  Project widgets;
  std::string runner_token;
  const std::string project_path = "/api/v2/project/circleci/acme/widgets";
  const std::string simple =
      "version: 2.1\njobs:\n  test:\n    docker: [{image: \"cimg/node:22.14\"}]\n"
      "    steps: [checkout, run: \"true\"]\nworkflows:\n  main:\n    jobs:\n"
      "      - test\n      - hold: {type: approval, requires: [test]}\n";
};

}  // namespace imp::ci
