#include <fmt/format.h>

#include "demo/steps.h"

// Step 8: the version comes from the build's number, so that each merge publishes the next one.

namespace imp::demo {

namespace {

Outcome<std::string> merge(World& world, const std::string& message) {
  const std::vector<RecipeJob> jobs = {
      {.steps = run_step("Number the version",
                         {"npm version --no-git-tag-version 2.0.$CIRCLE_BUILD_NUM"}) +
                publish_step("Publish to npm", world.host, "publish --access public")}};
  const auto revision = world.push_release("2.0.0", jobs, message);
  if (!revision) return relay(revision);
  const auto job = world.runs().only_job_of(world.names.slug(), *revision);
  if (!job) return relay(job);
  if (const auto ended = expect_status(*job, "success"); !ended) return relay(ended);
  std::string version = fmt::format("2.0.{}", job->number);
  const auto live = world.live(version);
  if (!live) return relay(live);
  return version;
}

}  // namespace

Outcome<std::string> build_numbers(World& world) {
  const auto first = merge(world, "Merge one feature");
  if (!first) return first;
  const auto second = merge(world, "Merge another feature");
  if (!second) return second;
  if (*first == *second) return surprise("two versions for two merges", *first + " twice");
  return fmt::format("two merges published {} and {} by themselves", *first, *second);
}

}  // namespace imp::demo
