#include <fmt/format.h>

#include <boost/json.hpp>

#include "demo/steps.h"

// Step 7: a fork's pull request is built, without any secret and without an identity.

namespace imp::demo {

namespace {

/// Bob's fork: his own organisation, project and repository, with a configuration that helps
/// itself.
Outcome<std::string> make_fork(World& world) {
  const auto organization =
      world.api.change(world.bob, "POST", "/api/v2/organization", {{"name", world.names.forks}});
  if (!organization) return relay(organization);
  const auto project = world.api.change(
      world.bob, "POST", "/api/v2/organization/" + text_at(*organization, "id") + "/project",
      {{"name", "widget"}});
  if (!project) return relay(project);
  auto copy = WorkingCopy::make(world.programs, world.say, world.bob, "fork",
                                text_at(*project, "vcs_info/vcs_url"));
  if (!copy) return relay(copy);
  auto files = package_files(world.names.package(), "6.6.6", world.url);
  files.push_back(config_file(
      world.image,
      {{.name = "publish",
        .steps = run_step("What a fork gets",
                          {"echo \"CIRCLE_OIDC_TOKEN is ${CIRCLE_OIDC_TOKEN-not set}\""}) +
                 publish_step("Publish", world.host, "publish --access public"),
        .main_only = false}}));
  if (auto written = copy->write(files); !written) return relay(written);
  if (auto there = copy->switch_to(world.bob, "improvement"); !there) return relay(there);
  if (auto pushed = copy->push(world.bob, "An improvement"); !pushed) return relay(pushed);
  return text_at(*project, "slug");
}

}  // namespace

Outcome<std::string> fork_pull_request(World& world) {
  const std::string project = "/api/v2/project/" + world.names.slug();
  const auto allowed = world.api.change(world.alice, "PATCH", project + "/settings",
                                        {{"advanced", {{"build_fork_prs", true}}}});
  if (!allowed) return relay(allowed);
  const auto fork = make_fork(world);
  if (!fork) return relay(fork);
  const auto opened = world.api.change(world.bob, "POST", project + "/pull-request",
                                       {{"fork", *fork}, {"branch", "improvement"}});
  if (!opened) return relay(opened);
  PipelineRuns runs = world.runs();
  const auto workflow = runs.workflow_of_pipeline(text_at(*opened, "pipelines/0/id"));
  if (!workflow) return relay(workflow);
  const auto jobs = runs.finish(world.names.slug(), *workflow);
  if (!jobs) return relay(jobs);
  const JobRun& job = jobs->front();
  if (const auto ended = expect_status(job, "failed"); !ended) return relay(ended);
  const auto said = runs.output(world.names.slug(), job.number);
  if (!said) return relay(said);
  if (const auto none = expect_text(*said, "CIRCLE_OIDC_TOKEN is not set", "the job"); !none) {
    return relay(none);
  }
  if (said->find("+ " + world.names.package()) != said->npos) {
    return surprise("a fork that cannot publish", *said);
  }
  world.say.good("the fork's build got no token");
  return "built without contexts and without an identity token";
}

}  // namespace imp::demo
