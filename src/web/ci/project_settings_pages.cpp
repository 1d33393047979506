#include <boost/json.hpp>

#include "web/frame/frames.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/routes.h"

namespace imp::web {

namespace {

boost::json::object copyable(std::string_view value, std::string_view what) {
  return {{"value", value}, {"what", what}};
}

/// What a maintainer runs to trust this pipeline with a package.
std::string trust_command(const ci::Project& project, const ci::PipelineDefinition& definition) {
  return fmt::format(
      "npm trust circleci <package> --org-id {} --project-id {} --pipeline-definition-id {} "
      "--vcs-origin {} --allow-stage-publish",
      project.organization_id, project.id, definition.id, project.vcs_origin);
}

Result<boost::json::array> definitions_model(const Visit& visit, const ci::Project& project) {
  const auto definitions = visit.services.ci.definitions.list(project.id);
  if (!definitions) return pass_on(definitions);
  boost::json::array items;
  for (const ci::PipelineDefinition& definition : *definitions) {
    items.push_back(
        {{"raw_id", definition.id},
         {"definition", definition.name},
         {"description", definition.description},
         {"config_path", definition.config_path},
         {"definition_id", copyable(definition.id, "the Pipeline definition ID")},
         {"trust_command", copyable(trust_command(project, definition), "the command")}});
  }
  return items;
}

Result<boost::json::array> variables_model(const Visit& visit, const ci::Project& project) {
  const auto variables = visit.services.ci.project_variables.list(project.id);
  if (!variables) return pass_on(variables);
  boost::json::array items;
  for (const ci::ProjectVariable& variable : *variables) {
    items.push_back({{"variable", variable.name},
                     {"masked", variable.masked_value},
                     {"created", time_model(variable.created, visit.services.clock.now())}});
  }
  return items;
}

Result<http::Response> show_settings(const Visit& visit) {
  const auto project = ci::project_for_member(visit.call());
  if (!project) return pass_on(project);
  const auto organization = visit.services.accounts.organizations.by_id(project->organization_id);
  if (!organization) return pass_on(organization);
  const auto standing = ci::standing_in(visit.call(), organization->id);
  if (!standing) return pass_on(standing);
  auto definitions = definitions_model(visit, *project);
  if (!definitions) return pass_on(definitions);
  auto variables = variables_model(visit, *project);
  if (!variables) return pass_on(variables);
  return show(
      visit,
      {.title = "Settings of " + project->name,
       .content = "project_settings",
       .model = {{"name", project->name},
                 {"base", "/project/" + project->id + "/settings"},
                 {"tabs", project_tabs(*project, "Settings")},
                 {"admin", standing->admin},
                 {"project_id", copyable(project->id, "the Project ID")},
                 {"organization_id", copyable(organization->id, "the Organization ID")},
                 {"slug", copyable(project->slug, "the slug")},
                 {"vcs_origin", copyable(project->vcs_origin, "the VCS origin")},
                 {"repository_url", copyable(project->repository_url, "the repository's address")},
                 {"hosted", project->hosted},
                 {"default_branch", project->default_branch},
                 {"definitions", std::move(*definitions)},
                 {"variables", std::move(*variables)},
                 {"build_fork_prs", project->settings.build_fork_prs},
                 {"pass_secrets_to_forks", project->settings.pass_secrets_to_forks},
                 {"disable_ssh", project->settings.disable_ssh}},
       .trail = project_trail(*organization, *project)});
}

/// A change of the path's project by an admin; afterwards the section of the page again.
using Change = std::function<Result<void>(const Visit&, const ci::Project&)>;

Action by_admin(Change change, std::string done_word, std::string section) {
  return [change = std::move(change), done_word = std::move(done_word),
          section = std::move(section)](const Visit& visit) -> Result<http::Response> {
    const auto project = ci::project_for_admin(visit.call());
    if (!project) return pass_on(project);
    if (const auto done = change(visit, *project); !done) return pass_on(done);
    return http::see_other(
        fmt::format("/project/{}/settings?done={}#{}", project->id, done_word, section));
  };
}

template <class T>
Result<void> without_value(const Result<T>& result) {
  if (!result) return pass_on(result);
  return {};
}

Result<void> add_definition(const Visit& visit, const ci::Project& project) {
  return without_value(visit.services.ci.definitions.create(
      project.id, visit.field("definition_name"), "", visit.field("config_path"), visit.actor()));
}

Result<void> change_definition(const Visit& visit, const ci::Project& project) {
  return without_value(visit.services.ci.definitions.change(
      project.id, visit.field("definition"),
      {.name = visit.field("definition_name"), .config_path = visit.field("config_path")},
      visit.actor()));
}

Result<void> remove_definition(const Visit& visit, const ci::Project& project) {
  return visit.services.ci.definitions.remove(project.id, visit.field("definition"), visit.actor());
}

Result<void> store_variable(const Visit& visit, const ci::Project& project) {
  return without_value(visit.services.ci.project_variables.store(
      project.id, visit.field("variable"), visit.raw_field("value"), visit.actor()));
}

Result<void> remove_variable(const Visit& visit, const ci::Project& project) {
  return visit.services.ci.project_variables.remove(project.id, visit.field("variable"),
                                                    visit.actor());
}

Result<void> change_settings(const Visit& visit, const ci::Project& project) {
  const auto on = [&](std::string_view name) { return !visit.field(name).empty(); };
  return without_value(visit.services.ci.projects.change_settings(
      project.id,
      {.build_fork_prs = on("build_fork_prs"),
       .pass_secrets_to_forks = on("pass_secrets_to_forks"),
       .disable_ssh = on("disable_ssh")},
      visit.actor()));
}

}  // namespace

void add_project_settings_pages(http::Router& router, WebServices& services) {
  const std::string settings = "/project/{project_id}/settings";
  add_page(router, services, settings, Audience::signed_in, show_settings);
  const auto form = [&](std::string_view below, Action act) {
    add_form(router, services, settings + std::string(below), Audience::signed_in, std::move(act),
             show_settings);
  };
  form("/definitions", by_admin(add_definition, "added", "setup"));
  form("/definitions/change", by_admin(change_definition, "saved", "setup"));
  form("/definitions/remove", by_admin(remove_definition, "removed", "setup"));
  form("/variables", by_admin(store_variable, "saved", "variables"));
  form("/variables/remove", by_admin(remove_variable, "removed", "variables"));
  form("/advanced", by_admin(change_settings, "saved", "advanced"));
}

}  // namespace imp::web
