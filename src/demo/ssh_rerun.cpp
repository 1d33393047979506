#include <fmt/format.h>

#include <boost/json.hpp>

#include "demo/steps.h"

// Step 4: even where the context lets a rerun with SSH pass, its token cannot publish.

namespace imp::demo {

namespace {

Outcome<void> remove_expression(World& world, const std::string& restrictions) {
  const auto listed = world.api.change(world.alice, "GET", restrictions);
  if (!listed) return relay(listed);
  for (const auto& restriction : list_at(*listed, "items")) {
    if (text_at(restriction, "restriction_type") != "expression") continue;
    const auto removed =
        world.api.change(world.alice, "DELETE", restrictions + "/" + text_at(restriction, "id"));
    if (!removed) return relay(removed);
    return {};
  }
  return surprise("an expression among the restrictions", boost::json::serialize(*listed));
}

Outcome<void> rerun(World& world) {
  const auto again = world.api.change(
      world.alice, "POST", "/api/v2/workflow/" + world.release.workflow_id + "/rerun",
      {{"enable_ssh", true}, {"jobs", boost::json::array{world.release.id}}});
  if (!again) return relay(again);
  PipelineRuns runs = world.runs();
  const auto jobs = runs.finish(world.names.slug(), text_at(*again, "workflow_id"));
  if (!jobs) return relay(jobs);
  if (auto ended = expect_status(jobs->front(), "failed"); !ended) return ended;
  const auto said = runs.output(world.names.slug(), jobs->front().number, "Publish");
  if (!said) return relay(said);
  return expect_text(*said, "oidc.circleci.com/ssh-rerun", "npm publish");
}

}  // namespace

Outcome<std::string> ssh_rerun(World& world) {
  if (world.release.id.empty()) return surprise("a release to run again", "there is none");
  const std::string restrictions = "/api/v2/context/" + world.ids.context + "/restrictions";
  world.say.note("The expression is taken away, and the release is run again with SSH:");
  if (const auto removed = remove_expression(world, restrictions); !removed) return relay(removed);
  const auto refused = rerun(world);
  world.say.note("The expression is put back:");
  const auto added = world.api.change(
      world.alice, "POST", restrictions,
      {{"restriction_type", "expression"}, {"restriction_value", guard_expression}});
  if (!refused) return relay(refused);
  if (!added) return relay(added);
  world.say.good("the exchange refused it and named the claim");
  return "the exchange refuses it, naming oidc.circleci.com/ssh-rerun";
}

}  // namespace imp::demo
