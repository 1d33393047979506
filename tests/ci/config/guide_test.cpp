// The configurations of the guide and of its siblings, from file to what the runner gets.

#include <gtest/gtest.h>

#include "support.h"

namespace imp::ci::config {
namespace {

const RunStep& run_step(const Job& job, std::size_t index) {
  return std::get<RunStep>(job.steps.at(index));
}

TEST(Guide, TrustedPublishingRunsOnMainWithItsContext) {
  const auto compiled = compile(data("trusted-publishing.yml"), on_branch("main"));
  ASSERT_TRUE(compiled) << texts(compiled.error());
  EXPECT_EQ(texts(compiled->warnings), "");
  ASSERT_EQ(plan(compiled), "release: publish");
  const Job& job = compiled->workflows[0].jobs[0];
  EXPECT_EQ(job.definition, "publish");
  EXPECT_EQ(job.type, JobType::build);
  EXPECT_EQ(job.docker.at(0).image, "cimg/node:22.14");
  EXPECT_EQ(job.contexts, std::vector<std::string>{"trusted-publishing-guard"});
  EXPECT_EQ(job.working_directory, "~/project");
  EXPECT_EQ(job.shell, "");
  ASSERT_EQ(job.steps.size(), 5U);
  EXPECT_EQ(std::get<CheckoutStep>(job.steps[0]).path, "");
  EXPECT_EQ(run_step(job, 1).command, "npm ci");
  EXPECT_EQ(run_step(job, 1).name, "npm ci");
  EXPECT_EQ(run_step(job, 1).no_output_timeout, std::chrono::minutes(10));
  EXPECT_EQ(run_step(job, 4).name, "Publish to npm");
  EXPECT_EQ(run_step(job, 4).command,
            "export NPM_ID_TOKEN=$(circleci run oidc get --claims '{\"aud\": "
            "\"npm:localhost\"}')\nnpm publish --access public\n");

  EXPECT_EQ(plan(compile(data("trusted-publishing.yml"), on_branch("feature"))), "");
  // The expression names the branch, which a tag does not have: undefined, so no.
  EXPECT_EQ(plan(compile(data("trusted-publishing.yml"), on_tag("v1.0.0"))), "");
}

TEST(Guide, TokenPublishingFollowsTags) {
  const std::string yaml = data("token-publishing.yml");
  EXPECT_EQ(plan(compile(yaml, on_branch("main"))), "test-and-publish: test");
  EXPECT_EQ(plan(compile(yaml, on_tag("v1.2.3"))), "test-and-publish: test, publish<test");
  EXPECT_EQ(plan(compile(yaml, on_tag("v1.2.3-rc1"))), "");
}

TEST(Guide, TheLockedDownContextExampleHasOneWorkflowPerBranchKind) {
  const std::string yaml = data("locked-down-context.yml");
  EXPECT_EQ(plan(compile(yaml, on_branch("main"))),
            "npm_publish_production: NPM Publish Production");
  EXPECT_EQ(plan(compile(yaml, on_branch("stray"))), "npm_publish_not_main: NPM Publish Not main");
  EXPECT_EQ(plan(compile(yaml, on_tag("v1"))), "");

  const auto compiled = compile(yaml, on_branch("main"));
  const Job& job = compiled->workflows[0].jobs[0];
  EXPECT_EQ(job.definition, "npm_publish_example");
  EXPECT_EQ(job.working_directory, "~/project/npm");
  EXPECT_EQ(std::get<CheckoutStep>(job.steps[0]).path, "~/project");
}

TEST(Guide, EveryKeyArrives) {
  CompileInput input = on_branch("main");
  input.arguments = {{"attempts", std::int64_t{5}}, {"channel", std::string("latest")}};
  const auto compiled = compile(data("everything.yml"), input);
  ASSERT_TRUE(compiled) << texts(compiled.error());
  EXPECT_EQ(texts(compiled->warnings), "");
  ASSERT_EQ(plan(compiled),
            "build: test job, again<test job, hold<again|test job, release<hold|again");

  const Job& job = compiled->workflows[0].jobs[0];
  EXPECT_EQ(job.docker[0].image, "cimg/node:22.14");
  EXPECT_EQ(job.docker[0].environment, (EnvironmentVariables{{"ENTRY", "point"}}));
  EXPECT_EQ(job.resource_class, "medium") << "the job's wins over the executor's";
  EXPECT_EQ(job.shell, "/bin/bash -eo pipefail");
  EXPECT_EQ(job.working_directory, "~/project/npm");
  EXPECT_EQ(job.environment, (EnvironmentVariables{{"FROM", "job"},
                                                   {"KEPT", "007"},
                                                   {"REGION", "eu"},
                                                   {"LEVEL", "1"},
                                                   {"AUDIT", "true"},
                                                   {"RELEASED", "2019-01-01"},
                                                   {"EMPTY", ""}}));
  ASSERT_EQ(job.steps.size(), 5U);
  EXPECT_EQ(std::get<CheckoutStep>(job.steps[0]).path, "~/project");
  EXPECT_TRUE(run_step(job, 2).background);
  const RunStep& heredoc = run_step(job, 3);
  EXPECT_EQ(heredoc.command, "cat <<EOF\nattempt 1 of 5\nEOF\n");
  EXPECT_EQ(heredoc.name, heredoc.command);
  EXPECT_EQ(heredoc.shell, "/bin/sh");
  EXPECT_EQ(heredoc.working_directory, "sub");
  EXPECT_EQ(heredoc.environment, (EnvironmentVariables{{"TRIES", "5"}, {"CHANNEL", "latest"}}));
  EXPECT_EQ(heredoc.no_output_timeout, std::chrono::seconds(90));
  EXPECT_EQ(heredoc.when, RunWhen::always);
  EXPECT_EQ(run_step(job, 4).command, "npm audit");
  EXPECT_EQ(run_step(job, 4).when, RunWhen::on_fail);

  const Job& hold = compiled->workflows[0].jobs[2];
  EXPECT_EQ(hold.type, JobType::approval);
  EXPECT_EQ(hold.definition, "hold");
  EXPECT_TRUE(hold.steps.empty());
  EXPECT_EQ(hold.requirements[1].statuses,
            (std::vector{RequiredStatus::success, RequiredStatus::failed}));
  const Job& release = compiled->workflows[0].jobs[3];
  EXPECT_EQ(release.contexts, (std::vector<std::string>{"npm", "trusted-publishing-guard"}));
  EXPECT_EQ(release.requirements[1].statuses.size(), 5U);
  EXPECT_EQ(run_step(release, 0).command, "npm publish --tag latest");
}

TEST(Guide, CompilesTheSameEveryTime) {
  const std::string yaml = data("everything.yml");
  const std::string first = expanded_yaml(*compile(yaml, on_branch("main")));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(expanded_yaml(*compile(yaml, on_branch("main"))), first);
  }
}

}  // namespace
}  // namespace imp::ci::config
