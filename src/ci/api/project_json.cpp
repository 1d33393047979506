#include "ci/api/project_json.h"

#include <string_view>

namespace imp::ci {
namespace {

std::string_view provider_of(const Project& project) {
  if (project.slug.starts_with("gh/")) return "GitHub";
  if (project.slug.starts_with("bb/")) return "Bitbucket";
  return "CircleCI";
}

/// "acme/widgets" of "github.com/acme/widgets".
std::string_view full_name(std::string_view origin) {
  const std::size_t slash = origin.find('/');
  return slash == origin.npos ? origin : origin.substr(slash + 1);
}

}  // namespace

boost::json::object source_of(const Project& project) {
  return {{"provider", project.hosted ? "imprimatur" : "git"},
          {"repo",
           {{"full_name", full_name(project.vcs_origin)}, {"external_id", project.vcs_origin}}}};
}

boost::json::object to_json(const Project& project, const accounts::Organization& organization) {
  return {{"id", project.id},
          {"slug", project.slug},
          {"name", project.name},
          {"organization_name", organization.name},
          {"organization_slug", organization.slug},
          {"organization_id", organization.id},
          {"vcs_info",
           {{"provider", provider_of(project)},
            {"default_branch", project.default_branch},
            {"vcs_url", project.repository_url},
            {"vcs_origin", project.vcs_origin}}}};
}

boost::json::object to_json(const ProjectVariable& variable) {
  return {{"name", variable.name},
          {"value", variable.masked_value},
          {"created_at", iso8601(variable.created)}};
}

boost::json::object to_json(const PipelineDefinition& definition, const Project& project) {
  boost::json::object config = source_of(project);
  config["file_path"] = definition.config_path;
  return {{"id", definition.id},
          {"name", definition.name},
          {"description", definition.description},
          {"created_at", iso8601(definition.created)},
          {"config_source", std::move(config)},
          {"checkout_source", source_of(project)}};
}

}  // namespace imp::ci
