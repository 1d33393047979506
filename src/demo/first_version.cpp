#include <fmt/format.h>

#include <boost/json.hpp>

#include "demo/steps.h"

// Step 1: what a person does once, before any pipeline can publish.

namespace imp::demo {

namespace {

namespace json = boost::json;

Outcome<void> add_people(World& world) {
  for (const auto& [person, name, administrator] :
       {std::tuple(&world.alice, &world.names.alice, true),
        std::tuple(&world.bob, &world.names.bob, false)}) {
    auto added = world.operator_.add_person(*name, administrator);
    if (!added) return relay(added);
    *person = std::move(*added);
    const auto me = world.api.look(*person, "/api/v2/me");
    if (!me) return relay(me);
    person->id = text_at(*me, "id");
  }
  world.say.note(fmt::format("{} (administrator) and {} have accounts now.", world.alice.name,
                             world.bob.name));
  return {};
}

Outcome<void> enable_second_factor(World& world) {
  constexpr std::string_view path = "/-/npm/v1/user";
  world.say.note("A second factor for alice, as `npm profile enable-2fa auth-and-writes` does it:");
  const auto begun = world.api.change(
      world.alice, "POST", path,
      {{"tfa", {{"password", world.alice.password}, {"mode", "auth-and-writes"}}}});
  if (!begun) return relay(begun);
  auto authenticator = Authenticator::from_url(text_at(*begun, "tfa"), world.clock);
  if (!authenticator) return relay(authenticator);
  const auto code = authenticator->code();
  if (!code) return relay(code);
  const auto confirmed = world.api.change(world.alice, "POST", path, {{"tfa", json::array{*code}}});
  if (!confirmed) return relay(confirmed);
  std::vector<std::string> recovery;
  for (const json::value& one : list_at(*confirmed, "tfa")) {
    if (one.is_string()) recovery.emplace_back(one.get_string());
  }
  if (recovery.empty()) return surprise("recovery codes", json::serialize(*confirmed));
  authenticator->keep(std::move(recovery));
  world.authenticator.emplace(std::move(*authenticator));
  return {};
}

/// The organisation, its release group with alice in it, and bob as a member outside.
Outcome<void> make_organization(World& world) {
  const auto organization = world.api.change(world.alice, "POST", "/api/v2/organization",
                                             {{"name", world.names.organization}});
  if (!organization) return relay(organization);
  world.ids.organization = text_at(*organization, "id");
  if (auto added = world.operator_.add_member(world.ids.organization, world.bob.name); !added) {
    return added;
  }
  const std::string groups = "/api/v2/organizations/" + world.ids.organization + "/groups";
  const auto group = world.api.change(world.alice, "POST", groups, {{"name", "release"}});
  if (!group) return relay(group);
  world.ids.group = text_at(*group, "id");
  const auto joined =
      world.api.change(world.alice, "POST", groups + "/" + world.ids.group + "/users",
                       {{"user_id", world.alice.id}});
  if (!joined) return relay(joined);
  return {};
}

Outcome<void> make_project(World& world) {
  const auto project = world.api.change(
      world.alice, "POST", "/api/v2/organization/" + world.ids.organization + "/project",
      {{"name", "widget"}});
  if (!project) return relay(project);
  world.ids.project = text_at(*project, "id");
  world.ids.origin = text_at(*project, "vcs_info/vcs_origin");
  const auto definitions = world.api.change(
      world.alice, "GET", "/api/v2/projects/" + world.ids.project + "/pipeline-definitions");
  if (!definitions) return relay(definitions);
  world.ids.definition = text_at(*definitions, "items/0/id");
  auto copy = WorkingCopy::make(world.programs, world.say, world.alice, "widget",
                                text_at(*project, "vcs_info/vcs_url"));
  if (!copy) return relay(copy);
  world.widget.emplace(std::move(*copy));
  return {};
}

Outcome<void> publish_by_hand(World& world) {
  auto files = package_files(world.names.package(), "1.0.0", world.url);
  files.push_back(config_file(world.image, world.guide_jobs()));
  if (auto written = world.widget->write(files); !written) return written;
  const auto code = world.authenticator->code();
  if (!code) return relay(code);
  const auto end = world.programs.npm(&world.alice, world.widget->directory(),
                                      {"publish", "--access", "public", "--otp=" + *code});
  if (auto well = ended_well(end, "npm publish by hand"); !well) return well;
  const auto live = world.live("1.0.0");
  if (!live) return relay(live);
  return {};
}

Outcome<void> guard(World& world) {
  const auto context =
      world.api.change(world.alice, "POST", "/api/v2/context",
                       {{"name", guard_context}, {"owner", {{"id", world.ids.organization}}}});
  if (!context) return relay(context);
  world.ids.context = text_at(*context, "id");
  const std::string restrictions = "/api/v2/context/" + world.ids.context + "/restrictions";
  world.say.note("A new context is open to all members; it is closed to all but three conditions:");
  const auto opened =
      world.api.change(world.alice, "DELETE", restrictions + "/" + world.ids.organization);
  if (!opened) return relay(opened);
  for (const auto& [kind, value] :
       {std::pair<std::string, std::string>("group", world.ids.group),
        std::pair<std::string, std::string>("project", world.ids.project),
        std::pair<std::string, std::string>("expression", guard_expression)}) {
    const auto added = world.api.change(world.alice, "POST", restrictions,
                                        {{"restriction_type", kind}, {"restriction_value", value}});
    if (!added) return relay(added);
  }
  return {};
}

}  // namespace

Outcome<std::string> first_version(World& world) {
  using Part = Outcome<void> (*)(World&);
  for (const Part part : {Part(add_people), Part(enable_second_factor), Part(make_organization),
                          Part(make_project), Part(publish_by_hand), Part(guard)}) {
    if (const auto done = part(world); !done) return relay(done);
  }
  world.say.note(
      fmt::format("The four identifiers: organisation {}, project {}, pipeline "
                  "definition {}, VCS origin {}; and the context {}.",
                  world.ids.organization, world.ids.project, world.ids.definition, world.ids.origin,
                  world.ids.context));
  if (const auto trusted = world.trust("--allow-publish"); !trusted) return relay(trusted);
  world.say.good("the package trusts this pipeline, with this context, and nobody else");
  return fmt::format("{}@1.0.0 by hand; publisher set by npm trust", world.names.package());
}

}  // namespace imp::demo
