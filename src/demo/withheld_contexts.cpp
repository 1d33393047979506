#include <fmt/format.h>

#include <boost/json.hpp>

#include "demo/steps.h"

// Step 3: the context is withheld, each time for another of its three restrictions.

namespace imp::demo {

namespace {

/// The same pipeline without its filter: what somebody would commit who wants to publish anyway.
std::vector<RecipeJob> without_filter(const World& world) {
  auto jobs = world.guide_jobs();
  jobs.front().main_only = false;
  return jobs;
}

Outcome<void> expect_withheld(World& world, const std::string& slug, const std::string& revision,
                              std::string_view reason) {
  const auto job = world.runs().only_job_of(slug, revision);
  if (!job) return relay(job);
  if (auto status = expect_status(*job, "unauthorized"); !status) return status;
  return expect_text(job->reason, reason, "the reason");
}

Outcome<void> another_branch(World& world) {
  world.say.note("A push to another branch, whose configuration drops the filter:");
  if (auto there = world.widget->switch_to(world.alice, "experiment"); !there) return there;
  const auto revision = world.push_release("1.1.1", without_filter(world), "Publish from a branch");
  // Back before anything else, so that what follows starts from main.
  if (auto back = world.widget->switch_to(world.alice, "main"); !back) return back;
  if (!revision) return relay(revision);
  if (auto withheld = expect_withheld(world, world.names.slug(), *revision, guard_expression);
      !withheld) {
    return withheld;
  }
  world.say.good("unauthorized, with the expression that said no");
  return {};
}

Outcome<void> another_project(World& world) {
  world.say.note("Another project of the organisation names the context:");
  const auto project = world.api.change(
      world.alice, "POST", "/api/v2/organization/" + world.ids.organization + "/project",
      {{"name", "gadget"}});
  if (!project) return relay(project);
  auto copy = WorkingCopy::make(world.programs, world.say, world.alice, "gadget",
                                text_at(*project, "vcs_info/vcs_url"));
  if (!copy) return relay(copy);
  auto files = package_files(world.names.package(), "6.6.6", world.url);
  files.push_back(config_file(world.image, world.guide_jobs()));
  if (auto written = copy->write(files); !written) return written;
  const auto revision = copy->push(world.alice, "Publish somebody else's package");
  if (!revision) return relay(revision);
  if (auto withheld = expect_withheld(world, text_at(*project, "slug"), *revision, "project");
      !withheld) {
    return withheld;
  }
  world.say.good("unauthorized: the context is not for this project");
  return {};
}

Outcome<void> another_person(World& world) {
  world.say.note(
      fmt::format("{} pushes to main: a member, but not of the group release:", world.bob.name));
  const auto revision = world.widget->push(world.bob, "A change by bob");
  if (!revision) return relay(revision);
  if (auto withheld = expect_withheld(world, world.names.slug(), *revision, "group"); !withheld) {
    return withheld;
  }
  world.say.good("unauthorized: the person is in none of the context's groups");
  return {};
}

}  // namespace

Outcome<std::string> withheld_contexts(World& world) {
  using Part = Outcome<void> (*)(World&);
  for (const Part part : {Part(another_branch), Part(another_project), Part(another_person)}) {
    if (const auto done = part(world); !done) return relay(done);
  }
  return "unauthorized: another branch, another project, a member outside the group";
}

}  // namespace imp::demo
