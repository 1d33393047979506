#include <fmt/format.h>

#include <boost/json.hpp>

#include "demo/audit_trail.h"
#include "demo/steps.h"

// Step 9: the pipeline says what it deploys: planned, running, success.

namespace imp::demo {

namespace {

constexpr std::string_view kPlan =
    "circleci run release plan --environment-name npm --component-name widget "
    "--target-version 2.1.$CIRCLE_BUILD_NUM";

std::vector<RecipeJob> marked_jobs(const World& world) {
  return {
      {.steps = run_step("Plan the release", {std::string(kPlan)}) +
                run_step("Release is running", {"circleci run release update --status RUNNING"}) +
                run_step("Number the version",
                         {"npm version --no-git-tag-version 2.1.$CIRCLE_BUILD_NUM"}) +
                publish_step("Publish to npm", world.host, "publish --access public") +
                run_step("Release succeeded", {"circleci run release update --status SUCCESS"})}};
}

/// The version's entry on the timeline, which must be the live one.
Outcome<void> check_timeline(World& world, const std::string& version) {
  const auto components = world.api.change(
      world.alice, "GET", "/api/v2/deploy/components?org-id=" + world.ids.organization);
  if (!components) return relay(components);
  const auto versions = world.api.change(
      world.alice, "GET",
      "/api/v2/deploy/components/" + text_at(*components, "items/0/id") + "/versions");
  if (!versions) return relay(versions);
  for (const auto& one : list_at(*versions, "items")) {
    if (text_at(one, "name") != version) continue;
    const auto* live = one.as_object().if_contains("is_live");
    return expect(live && *live == true, version + " is live on the timeline",
                  boost::json::serialize(one));
  }
  return surprise(version + " on the timeline", boost::json::serialize(*versions));
}

/// The states that the job's marker went through.
Outcome<std::string> states_of(const World& world, const JobRun& job) {
  const auto records = exported_audit(world);
  if (!records) return relay(records);
  std::string states;
  for (const auto& record : *records) {
    if (!text_at(record, "action").starts_with("deploy.")) continue;
    if (boost::json::serialize(record).find(job.id) == std::string::npos) continue;
    states += (states.empty() ? "" : ", ") + text_at(record, "detail/status");
  }
  return states;
}

}  // namespace

Outcome<std::string> deploy_marker(World& world) {
  const auto revision = world.push_release("2.1.0", marked_jobs(world), "Say what is deployed");
  if (!revision) return relay(revision);
  const auto job = world.runs().only_job_of(world.names.slug(), *revision);
  if (!job) return relay(job);
  if (const auto ended = expect_status(*job, "success"); !ended) return relay(ended);
  const std::string version = fmt::format("2.1.{}", job->number);
  const auto live = world.live(version);
  if (!live) return relay(live);
  if (const auto shown = check_timeline(world, version); !shown) return relay(shown);
  const auto states = states_of(world, *job);
  if (!states) return states;
  if (*states != "PENDING, RUNNING, SUCCESS") {
    return surprise("a marker that was PENDING, RUNNING, SUCCESS", *states);
  }
  world.say.good(fmt::format("{} went through {}", version, *states));
  return fmt::format("{} planned, running, success; live on the timeline", version);
}

}  // namespace imp::demo
