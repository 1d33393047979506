#include <fmt/format.h>

#include "demo/steps.h"

// Step 2: a push to main publishes, and no npm token exists anywhere in the job.

namespace imp::demo {

namespace {

Outcome<void> check_holdings(World& world, const JobRun& job) {
  const auto held = world.runs().output(world.names.slug(), job.number, holdings_name);
  if (!held) return relay(held);
  if (auto none = expect_text(*held, no_token_found, "the job"); !none) return none;
  for (const std::string_view trace : {"_authToken", "NPM_TOKEN", "NODE_AUTH_TOKEN", "imp_"}) {
    if (held->find(trace) != held->npos) {
      return surprise(fmt::format("a job without \"{}\"", trace), *held);
    }
  }
  world.say.good("no variable, no .npmrc and no other file of the job holds an npm token");
  return {};
}

Outcome<void> install_elsewhere(World& world, const std::string& version) {
  const auto directory = world.programs.directory("empty");
  if (!directory) return relay(directory);
  const auto installed =
      world.programs.npm(nullptr, *directory, {"install", world.names.package()});
  if (auto well = ended_well(installed, "npm install in an empty directory"); !well) return well;
  const auto ran = world.programs.node(
      *directory, {"--print", fmt::format("require('{}')", world.names.package())});
  if (auto well = ended_well(ran, "require()"); !well) return well;
  return expect_text(ran->output, version, "what was installed");
}

}  // namespace

Outcome<std::string> release_from_main(World& world) {
  const std::string version = "1.1.0";
  const auto revision = world.push_release(version, world.guide_jobs(), "Release 1.1.0");
  if (!revision) return relay(revision);
  PipelineRuns runs = world.runs();
  const auto job = runs.only_job_of(world.names.slug(), *revision);
  if (!job) return relay(job);
  world.release = *job;
  if (const auto ended = expect_status(*job, "success"); !ended) return relay(ended);
  if (const auto none = check_holdings(world, *job); !none) return relay(none);
  const auto live = world.live(version);
  if (!live) return relay(live);
  const std::string publisher =
      text_at(*live, "versions/" + version + "/_npmUser/trustedPublisher/id");
  if (publisher != "circleci") {
    return surprise("a version that names its trusted publisher, circleci",
                    "\"" + publisher + "\"");
  }
  if (const auto installed = install_elsewhere(world, version); !installed) {
    return relay(installed);
  }
  return fmt::format("{}@{} live and installable; no npm token in the job", world.names.package(),
                     version);
}

}  // namespace imp::demo
