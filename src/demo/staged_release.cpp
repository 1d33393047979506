#include <fmt/format.h>

#include <boost/json.hpp>

#include "demo/steps.h"

// Step 6: a publisher that may only stage; a person makes the version live.

namespace imp::demo {

namespace {

const std::string kVersion = "1.2.0";

Outcome<void> run_pipeline(World& world) {
  const auto revision = world.push_release(
      kVersion,
      {{.name = "publish", .steps = publish_step("Publish", world.host, "publish --access public")},
       {.name = "stage",
        .steps = publish_step("Stage", world.host, "stage publish --access public")}},
      "Stage 1.2.0");
  if (!revision) return relay(revision);
  PipelineRuns runs = world.runs();
  const auto workflow = runs.workflow_of(world.names.slug(), *revision);
  if (!workflow) return relay(workflow);
  const auto jobs = runs.finish(world.names.slug(), *workflow);
  if (!jobs) return relay(jobs);
  for (const JobRun& job : *jobs) {
    const bool direct = job.name == "publish";
    if (auto ended = expect_status(job, direct ? "failed" : "success"); !ended) return ended;
    if (!direct) continue;
    const auto said = runs.output(world.names.slug(), job.number, "Publish");
    if (!said) return relay(said);
    if (auto denied = expect_text(*said, "permission denied", "npm publish"); !denied) {
      return denied;
    }
  }
  world.say.good("direct publish refused, staged instead");
  return {};
}

Outcome<void> approve(World& world) {
  const auto& directory = world.widget->directory();
  const auto listed =
      world.programs.npm(&world.alice, directory, {"stage", "list", world.names.package()});
  if (auto well = ended_well(listed, "npm stage list"); !well) return well;
  const auto staged = world.api.change(world.alice, "GET", "/-/stage?page=0&perPage=10");
  if (!staged) return relay(staged);
  const std::string id = text_at(*staged, "items/0/id");
  if (id.empty()) return surprise("a staged version", boost::json::serialize(*staged));
  const auto bare = world.programs.npm(&world.alice, directory, {"stage", "approve", id});
  if (!bare) return relay(bare);
  if (bare->exit_code == 0) return surprise("npm stage approve needs a code", bare->output);
  const auto code = world.authenticator->code();
  if (!code) return relay(code);
  const auto approved =
      world.programs.npm(&world.alice, directory, {"stage", "approve", id, "--otp=" + *code});
  return ended_well(approved, "npm stage approve with a code");
}

}  // namespace

Outcome<std::string> staged_release(World& world) {
  world.say.note("The publisher is replaced by one that may only stage:");
  if (const auto done = world.revoke_trust(); !done) return relay(done);
  if (const auto done = world.trust("--allow-stage-publish"); !done) return relay(done);
  if (const auto done = run_pipeline(world); !done) return relay(done);
  if (const auto done = approve(world); !done) return relay(done);
  const auto live = world.live(kVersion);
  if (!live) return relay(live);
  const std::string approver = text_at(*live, "versions/" + kVersion + "/_npmUser/approver/name");
  if (approver != world.alice.name) {
    return surprise("a version that names who approved it", "\"" + approver + "\"");
  }
  world.say.note("The publisher that may publish directly comes back for the next steps:");
  if (const auto done = world.revoke_trust(); !done) return relay(done);
  if (const auto done = world.trust("--allow-publish"); !done) return relay(done);
  return fmt::format("direct publish refused; {} staged, approved with a code, live", kVersion);
}

}  // namespace imp::demo
