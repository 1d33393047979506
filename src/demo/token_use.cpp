#include <fmt/format.h>

#include "demo/steps.h"

// Step 5: an identity token is good once, and for a short time. Both halves use tokens of real
// jobs: one is exchanged twice; the other is kept, in a job that began with the walk, until it is a
// minute older than allowed (six minutes, where five are).

namespace imp::demo {

Outcome<void> hold_a_token(World& world) {
  world.held.seconds = static_cast<int>(world.token_age.count()) + 60;
  world.say.note(
      fmt::format("For step 5, a job that keeps its identity token for {} seconds "
                  "starts now:",
                  world.held.seconds));
  const auto revision =
      world.push_release("1.0.0",
                         {{.name = "hold",
                           .steps = exchange_step("Exchange a token that was kept", world.host,
                                                  world.names.package(), 1, world.held.seconds)}},
                         "Keep a token for too long");
  if (!revision) return relay(revision);
  const auto workflow = world.runs().workflow_of(world.names.slug(), *revision);
  if (!workflow) return relay(workflow);
  world.held.workflow_id = *workflow;
  return {};
}

Outcome<std::string> used_twice(World& world) {
  const auto revision =
      world.push_release("1.1.0",
                         {{.name = "replay",
                           .steps = exchange_step("Exchange the same token twice", world.host,
                                                  world.names.package(), 2, 0)}},
                         "Use a token twice");
  if (!revision) return relay(revision);
  PipelineRuns runs = world.runs();
  const auto job = runs.only_job_of(world.names.slug(), *revision);
  if (!job) return relay(job);
  const auto said = runs.output(world.names.slug(), job->number, "Exchange");
  if (!said) return relay(said);
  for (const std::string_view line : {"exchange 1: 201 granted", "exchange 2: 401 replayed"}) {
    if (const auto found = expect_text(*said, line, "the job"); !found) return relay(found);
  }
  world.say.good("the second use was refused as a replay");
  return "the second use: replayed";
}

Outcome<std::string> held_too_long(World& world) {
  if (world.held.workflow_id.empty()) return surprise("a job that keeps its token", "none began");
  world.say.note(
      fmt::format("Waiting for the job that keeps its token for {} seconds …", world.held.seconds));
  PipelineRuns runs = world.runs();
  const auto jobs = runs.finish(world.names.slug(), world.held.workflow_id,
                                std::chrono::seconds(world.held.seconds) + std::chrono::minutes(4));
  if (!jobs) return relay(jobs);
  const auto said = runs.output(world.names.slug(), jobs->front().number, "Exchange");
  if (!said) return relay(said);
  if (const auto refused = expect_text(*said, "exchange 1: 401 too_old", "the job"); !refused) {
    return relay(refused);
  }
  world.say.good(fmt::format("a token {} seconds old was refused", world.held.seconds));
  return fmt::format("one {} s old: too_old", world.held.seconds);
}

}  // namespace imp::demo
