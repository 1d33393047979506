#include "ci/pipelines/triggers.h"

#include <atomic>
#include <thread>
#include <vector>

#include "ci/pipelines/engine_fixture.h"
#include "jose/token.h"

namespace imp::ci {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string simple = config_with({"test"}, "- test");
const std::string path = ".circleci/config.yml";

class TriggersTest : public EngineTest {
 protected:
  std::string definition(const Project& project) {
    return world_->definitions.list(project.id)->at(0).id;
  }
  Result<Pipeline> run(RefChoice config, RefChoice checkout, config::Arguments arguments = {}) {
    return world_->pipelines.triggers.run(
        widgets, {definition(widgets), std::move(config), std::move(checkout), arguments},
        actor(bob));
  }
  config::PipelineValues values(const Pipeline& pipeline) {
    return world_->pipelines.reader.values(pipeline.id).value();
  }
};

TEST_F(TriggersTest, APushStartsOnePipelineForEachDefinition) {
  ASSERT_TRUE(
      world_->definitions.create(widgets.id, "nightly", "", "ci/nightly.yml", actor(alice)));
  const auto pipelines =
      push(widgets, "main", {{path, simple}, {"ci/nightly.yml", simple}}, bob, "Subject\n\nBody");
  ASSERT_THAT(pipelines, SizeIs(2));
  EXPECT_EQ(pipelines[0].number, 1);
  EXPECT_EQ(pipelines[1].number, 2);
  EXPECT_NE(pipelines[0].definition_id, pipelines[1].definition_id);
  EXPECT_EQ(pipelines[0].state, PipelineState::created);
  EXPECT_EQ(pipelines[0].actor_name, "bob");
  EXPECT_EQ(state(pipelines[0].id), "running: test=queued");
  const auto found = values(pipelines[0]);
  EXPECT_EQ(found.at("pipeline.git.branch"), expr::Value("main"));
  EXPECT_EQ(found.at("pipeline.git.branch.is_default"), expr::Value(true));
  EXPECT_EQ(found.at("pipeline.number"), expr::Value(std::int64_t{1}));
  EXPECT_EQ(found.at("pipeline.event.name"), expr::Value("push"));
  EXPECT_EQ(found.at("pipeline.git.commit.subject"), expr::Value("Subject"));
  EXPECT_EQ(found.at("pipeline.git.commit.body"), expr::Value("Body"));
  EXPECT_EQ(found.at("pipeline.project.slug"), expr::Value("circleci/acme/widgets"));
  EXPECT_FALSE(found.contains("pipeline.git.tag"));
  EXPECT_FALSE(found.contains("pipeline.git.base_revision"));  // the branch is new
  const auto again = push(widgets, "main", {{"a", "b"}}, bob);
  EXPECT_EQ(values(again.at(0)).at("pipeline.git.base_revision"),
            expr::Value(pipelines[0].revision));
}

TEST_F(TriggersTest, EveryValueIsOneThatTheCompilerKnows) {
  for (const auto& [name, value] : values(push_config(simple))) {
    EXPECT_TRUE(config::is_pipeline_value(name)) << name;
  }
}

TEST_F(TriggersTest, SkipsCommitsThatSaySo) {
  const struct {
    std::string message;
    std::size_t pipelines;
  } cases[] = {{"Typo [skip ci]", 0},
               {"Typo [ci skip]", 0},
               {"Subject\n\n[skip ci]", 0},
               {std::string(239, 'x') + " [skip ci]", 0},
               // Only the first 250 characters count.
               {std::string(250, 'x') + " [skip ci]", 1},
               {"[SKIP CI]", 1},
               {"skip ci", 1}};
  int number = 0;
  for (const auto& [message, expected] : cases) {
    const auto pipelines =
        push(widgets, "main", {{path, simple}, {"n", std::to_string(++number)}}, bob, message);
    EXPECT_EQ(pipelines.size(), expected) << message;
  }
}

TEST_F(TriggersTest, TagsAndBranchesOfOnePushAreSeparatePipelines) {
  push(widgets, "main", {{path, simple}}, bob);
  const auto pushed = world_->pipelines.pushes
                          .around(widgets, actor(bob),
                                  [&] {
                                    commit(widgets, "feature/x", {{path, simple}});
                                    tag(widgets, "v1", "feature/x");
                                  })
                          .value();
  ASSERT_THAT(pushed, SizeIs(2));
  EXPECT_EQ(pushed[0].branch, "feature/x");
  EXPECT_EQ(pushed[0].source_ref, "refs/heads/feature/x");
  EXPECT_EQ(pushed[1].tag, "v1");
  EXPECT_EQ(pushed[1].branch, "");
  EXPECT_FALSE(values(pushed[1]).contains("pipeline.git.branch"));
  EXPECT_EQ(state(pushed[1].id), "");  // jobs without a tag filter do not run on tags
}

TEST_F(TriggersTest, WhoPushesDuringALongPushIsToldToComeBack) {
  Result<std::vector<Pipeline>> second;
  ASSERT_TRUE(world_->pipelines.pushes.around(widgets, actor(alice), [&] {
    std::jthread other([&] {
      second = world_->pipelines.pushes.around(
          widgets, actor(bob), [] { FAIL() << "two at a time"; }, Milliseconds(1));
    });
  }));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), "push_under_way");
  EXPECT_EQ(second.error().kind(), FailureKind::unavailable);
}

// Each that waits has a thread that other projects' pushes and reads could need.
TEST_F(TriggersTest, OfManyWhoPushToOneProjectTwoMayWait) {
  constexpr int more = 3;
  std::atomic<int> refused{0}, carried_out{0};
  std::vector<std::jthread> others;
  ASSERT_TRUE(world_->pipelines.pushes.around(widgets, actor(alice), [&] {
    for (std::size_t i = 0; i < Pushes::waiting_limit + more; ++i) {
      others.emplace_back([&] {
        const auto pushed = world_->pipelines.pushes.around(
            widgets, actor(bob), [&] { ++carried_out; }, std::chrono::seconds(60));
        if (!pushed && pushed.error().code() == "push_under_way") ++refused;
      });
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (refused < more && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    EXPECT_EQ(refused, more);
    EXPECT_EQ(carried_out, 0);
  }));
  others.clear();
  EXPECT_EQ(carried_out, static_cast<int>(Pushes::waiting_limit));
  EXPECT_EQ(refused, more);
  EXPECT_TRUE(world_->pipelines.pushes.around(widgets, actor(bob), [] {}))
      << "places are given back";
}

TEST_F(TriggersTest, APushThatChangesNothingStartsNothing) {
  EXPECT_THAT(world_->pipelines.pushes.around(widgets, actor(bob), [] {}).value(), IsEmpty());
}

TEST_F(TriggersTest, ConfigurationThatIsWrongLeavesAnErroredPipeline) {
  const struct {
    EngineTest::Files files;
    std::string error;
  } cases[] = {
      {{{path, "version: 2.1\njobs: [\n"}}, ":"},
      {{{path, config_with({"test"}, "- test:\n    requires: [nosuch]")}}, "nosuch"},
      {{{path, ""}, {"x", "y"}}, ""},
      {{{path, std::string("version: 2.1\n\xff")}}, ""},
  };
  for (const auto& [files, error] : cases) {
    const auto pipelines = push(widgets, "main", files, bob);
    ASSERT_THAT(pipelines, SizeIs(1));
    EXPECT_EQ(pipelines[0].state, PipelineState::errored);
    EXPECT_FALSE(pipelines[0].errors.empty());
    EXPECT_THAT(pipelines[0].errors, HasSubstr(error));
    EXPECT_EQ(state(pipelines[0].id), "");
  }
  const auto none = push(widgets, "empty", {{"README", "no configuration"}}, bob);
  EXPECT_THAT(none.at(0).errors, HasSubstr(path));
}

TEST_F(TriggersTest, ARunByApiTakesRefsAndParameters) {
  commit(widgets, "main",
         {{path,
           "version: 2.1\nparameters: {who: {type: string, default: nobody}}\njobs:\n  greet:\n"
           "    docker: [{image: \"cimg/node:22.14\"}]\n"
           "    steps: [{run: \"echo << pipeline.parameters.who >>\"}]\n"
           "workflows: {w: {jobs: [greet]}}\n"}});
  tag(widgets, "v1", "main");
  const auto pipeline = run({.branch = "main"}, {.tag = "v1"}, {{"who", std::string("you")}});
  ASSERT_TRUE(pipeline) << pipeline.error().message;
  EXPECT_EQ(pipeline->tag, "v1");
  EXPECT_EQ(pipeline->config_ref, "refs/heads/main");
  EXPECT_EQ(pipeline->event_name, "api");
  const auto branch = run({.branch = "main"}, {.branch = "main"}, {{"who", std::string("you")}});
  const auto ticket = claim();
  EXPECT_EQ(std::get<runner::Run>(ticket->steps.at(0).action).command, "echo you");
  EXPECT_EQ(run({.branch = "main"}, {.branch = "main"}, {{"whom", true}})->state,
            PipelineState::errored);
}

TEST_F(TriggersTest, ARunNamesOneRefThatExists) {
  commit(widgets, "main", {{path, simple}});
  EXPECT_EQ(run({}, {.branch = "main"}).error().code(), "invalid_trigger");
  EXPECT_EQ(run({.branch = "main"}, {.branch = "main", .tag = "v1"}).error().code(),
            "invalid_trigger");
  EXPECT_EQ(run({.branch = "main"}, {.branch = "nosuch"}).error().code(), "ref_not_found");
  EXPECT_EQ(run({.branch = "main"}, {.branch = "--all"}).error().code(), "invalid_ref_name");
  EXPECT_EQ(world_->pipelines.triggers
                .run(widgets, {"nosuch", {.branch = "main"}, {.branch = "main"}}, actor(bob))
                .error()
                .code(),
            "pipeline_definition_not_found");
}

// Otherwise whoever may push any branch could run commands of their own as `main`.
TEST_F(TriggersTest, ConfigurationOfAnotherBranchCannotSpeakForTheOneCheckedOut) {
  commit(widgets, "main", {{path, simple}});
  commit(widgets, "evil", {{path, simple}});
  EXPECT_EQ(run({.branch = "evil"}, {.branch = "main"}).error().code(), "config_from_elsewhere");
  EXPECT_TRUE(run({.branch = "main"}, {.branch = "evil"}));
  EXPECT_TRUE(run({.branch = "evil"}, {.branch = "evil"}));
}

TEST_F(TriggersTest, OnlyHostedRepositoriesRun) {
  NewProject wanted;
  wanted.organization_id = acme.id;
  wanted.organization_name = "acme";
  wanted.name = "elsewhere";
  wanted.repository_url = "https://github.com/acme/elsewhere";
  const Project project = world_->projects.create(wanted, actor(alice)).value();
  const auto refused = world_->pipelines.triggers.run(
      project, {definition(project), {.branch = "main"}, {.branch = "main"}}, actor(bob));
  EXPECT_EQ(refused.error().code(), "repository_elsewhere");
}

TEST_F(TriggersTest, TriggersAreAudited) {
  push_config(simple, "main", bob);
  const auto entries = audited("pipeline.create");
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].record.actor, "user:bob");
  EXPECT_EQ(entries[0].record.organization, acme.id);
}

class PullRequestTest : public TriggersTest {
 protected:
  PullRequestTest() {
    const auto root = accounts::Actor::system();
    mallory = person("mallory");
    others = world_->accounts.organizations.create({.name = "others"}, mallory, root).value();
    fork = hosted(others, "widgets");
    commit(fork, "main", {{path, simple}});
  }
  Result<std::vector<Pipeline>> open(const std::string& branch = "main") {
    return world_->pipelines.triggers.pull_request(*world_->projects.find(widgets.id), fork, branch,
                                                   actor(mallory));
  }
  void settings(bool build, bool secrets) {
    ASSERT_TRUE(world_->projects.change_settings(
        widgets.id, {.build_fork_prs = build, .pass_secrets_to_forks = secrets}, actor(alice)));
  }
  accounts::Person mallory;
  accounts::Organization others;
  Project fork;
};

TEST_F(PullRequestTest, AreNotBuiltUnlessTheProjectSaysSo) {
  EXPECT_EQ(open().error().code(), "forks_not_built");
  settings(true, false);
  EXPECT_TRUE(open());
}

TEST_F(PullRequestTest, RunTheForksCodeUnderAnotherBranchNameThanTheProjects) {
  settings(true, false);
  const Pipeline pipeline = open().value().at(0);
  EXPECT_TRUE(pipeline.from_fork);
  EXPECT_EQ(pipeline.project_id, widgets.id);
  EXPECT_EQ(pipeline.source_project_id, fork.id);
  EXPECT_EQ(pipeline.branch, "pull/1");
  EXPECT_EQ(pipeline.event_action, "opened");
  const auto found = values(pipeline);
  EXPECT_EQ(found.at("pipeline.git.branch"), expr::Value("pull/1"));
  EXPECT_EQ(found.at("pipeline.git.branch.is_default"), expr::Value(false));
  EXPECT_EQ(found.at("pipeline.event.name"), expr::Value("pull_request"));
  const auto ticket = claim();
  const auto& checkout = std::get<runner::Checkout>(ticket->steps.at(0).action);
  EXPECT_EQ(checkout.fetch_url, "https://ci.example:4873/git/others/widgets.git");
  EXPECT_EQ(checkout.revision, *world_->repositories.resolve_branch(fork.id, "main"));
}

TEST_F(PullRequestTest, TheSameBranchKeepsItsNumber) {
  settings(true, false);
  EXPECT_EQ(open().value().at(0).pull_request, 1);
  const Pipeline again = open().value().at(0);
  EXPECT_EQ(again.pull_request, 1);
  EXPECT_EQ(again.event_action, "synchronize");
  commit(fork, "other", {{path, simple}});
  EXPECT_EQ(open("other").value().at(0).pull_request, 2);
}

TEST_F(PullRequestTest, AProjectIsNotItsOwnFork) {
  settings(true, false);
  const Project parent = *world_->projects.find(widgets.id);
  EXPECT_EQ(
      world_->pipelines.triggers.pull_request(parent, parent, "main", actor(alice)).error().code(),
      "not_a_fork");
}

// What a fork's build gets: nothing that the project's own builds have, unless it is passed on.
TEST_F(PullRequestTest, GetNoSecretsAndNoTokens) {
  context("guard", {{"GUARDED", "guarded-value"}});
  ASSERT_TRUE(world_->variables.store(widgets.id, "OWN", "own-value", actor(alice)));
  commit(fork, "main", {{path, config_with({"test"}, "- test:\n    context: guard")}});
  settings(true, false);
  const Pipeline pipeline = open().value().at(0);
  const auto ticket = claim();
  ASSERT_TRUE(ticket);
  for (const std::string_view name :
       {"GUARDED", "OWN", "CIRCLE_OIDC_TOKEN", "CIRCLE_OIDC_TOKEN_V2"}) {
    EXPECT_EQ(variable(*ticket, name), "(unset)") << name;
  }
  EXPECT_EQ(variable(*ticket, "CIRCLE_BRANCH"), "pull/1");
  EXPECT_EQ(variable(*ticket, "CIRCLE_PR_NUMBER"), "1");
  EXPECT_EQ(variable(*ticket, "CIRCLE_PR_USERNAME"), "others");
  EXPECT_EQ(variable(*ticket, "CIRCLE_PR_REPONAME"), "widgets");
  for (const std::string_view name : {"CIRCLE_PULL_REQUEST", "CIRCLE_PULL_REQUESTS"}) {
    EXPECT_EQ(variable(*ticket, name),
              "https://ci.example:4873/project/" + widgets.id + "?branch=pull/1");
  }
  EXPECT_THAT(job(pipeline.id, "test").reason, HasSubstr("does not pass secrets"));
  const auto token = world_->pipelines.running.identity_token(
      runner_, ticket->job_id, {ticket->lease, R"({"aud":"npm:x"})", false});
  EXPECT_EQ(token.error().code(), "fork_without_secrets");
  // Nor may it say what runs in production.
  runner::ReleaseRequest release;
  release.lease = ticket->lease;
  release.action = runner::ReleaseAction::log;
  release.target_version = "6.6.6";
  EXPECT_EQ(world_->pipelines.running.release(runner_, ticket->job_id, release).error().code(),
            "fork_without_secrets");
  EXPECT_THAT(audited("context.secrets.accessed"), IsEmpty());
}

TEST_F(PullRequestTest, CarryTheForksOriginWhenSecretsArePassedOn) {
  ASSERT_TRUE(world_->variables.store(widgets.id, "OWN", "own-value", actor(alice)));
  settings(true, true);
  ASSERT_TRUE(open());
  const auto ticket = claim();
  EXPECT_EQ(variable(*ticket, "OWN"), "own-value");
  const auto token = jose::parse_token(variable(*ticket, "CIRCLE_OIDC_TOKEN_V2"));
  ASSERT_TRUE(token);
  EXPECT_EQ(claim_text(*token, "vcs-origin"), "ci.example:4873/others/widgets");
  // Never a branch of the project, whatever the fork's branch is called.
  EXPECT_EQ(claim_text(*token, "vcs-ref"), "refs/heads/pull/1");
  EXPECT_EQ(claim_text(*token, "project-id"), widgets.id);
}

TEST_F(PullRequestTest, ContextsAreForMembersEvenWhenSecretsArePassedOn) {
  context("guard", {{"GUARDED", "guarded-value"}});
  commit(fork, "main", {{path, config_with({"test"}, "- test:\n    context: guard")}});
  settings(true, true);
  const Pipeline pipeline = open().value().at(0);
  EXPECT_FALSE(claim());
  EXPECT_EQ(state(pipeline.id), "unauthorized: test=unauthorized");
}

TEST_F(PullRequestTest, CannotBeRunAgainOnceForksAreNotBuilt) {
  settings(true, false);
  const Pipeline pipeline = open().value().at(0);
  finish(*claim());
  settings(false, false);
  EXPECT_EQ(world_->pipelines.controls.rerun(workflow(pipeline.id).workflow.id, {}, actor(alice))
                .error()
                .code(),
            "forks_not_built");
}

}  // namespace
}  // namespace imp::ci
