#include "ci/pipelines/pipeline_facts.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "accounts/organizations.h"
#include "ci/projects/projects.h"
#include "db/database.h"

namespace imp::ci {
namespace {

namespace json = boost::json;

/// "circleci", "github" or "bitbucket" of a slug.
std::string project_type(std::string_view slug) {
  if (slug.starts_with("gh/")) return "github";
  if (slug.starts_with("bb/")) return "bitbucket";
  return "circleci";
}

void add_event(config::PipelineValues& values, const Pipeline& pipeline) {
  const bool by_api = pipeline.event_name == "api";
  values["pipeline.event.name"] = pipeline.event_name;
  values["pipeline.event.action"] = pipeline.event_action;
  values["pipeline.event.provider_login"] = pipeline.actor_name;
  values["pipeline.event.circleci_actor_id"] = pipeline.actor_id;
  values["pipeline.trigger.type"] = std::string(by_api ? "api" : "imprimatur");
  values["pipeline.trigger_source"] = std::string(by_api ? "api" : "webhook");
  values["pipeline.trigger.received_at"] = iso8601(pipeline.created);
}

void add_checkout(config::PipelineValues& values, const PipelineFacts& facts,
                  std::string_view public_url) {
  const Pipeline& pipeline = facts.pipeline;
  if (pipeline.branch.empty()) {
    values["pipeline.git.tag"] = pipeline.tag;
  } else {
    values["pipeline.git.branch"] = pipeline.branch;
    values["pipeline.git.branch.is_default"] =
        !pipeline.from_fork && pipeline.branch == facts.project.default_branch;
  }
  values["pipeline.git.revision"] = pipeline.revision;
  if (!pipeline.base_revision.empty()) {
    values["pipeline.git.base_revision"] = pipeline.base_revision;
  }
  const std::string url = clone_url(public_url, facts.organization, facts.project.name);
  values["pipeline.git.repo_url"] = url;
  values["pipeline.git.target_repo_url"] = url;
  values["pipeline.git.origin_repo_url"] =
      clone_url(public_url, facts.source_organization, facts.source.name);
  values["pipeline.git.repo_owner"] = facts.organization;
  values["pipeline.git.repo_name"] = facts.project.name;
  values["pipeline.git.repo_id"] = facts.project.id;
  values["pipeline.git.origin_repo_id"] = facts.source.id;
  values["pipeline.git.commit.subject"] = facts.commit.subject;
  values["pipeline.git.commit.body"] = facts.commit.body;
  values["pipeline.git.commit.author_name"] = facts.commit.author_name;
  values["pipeline.git.commit.author_email"] = facts.commit.author_email;
  values["pipeline.git.commit.author_date"] = iso8601(facts.commit.authored);
}

expr::Value value_of(const json::value& value) {
  if (const auto* flag = value.if_bool()) return *flag;
  if (const auto* number = value.if_int64()) return *number;
  if (const auto* text = value.if_string()) return std::string(*text);
  return expr::Undefined{};
}

std::string organization_name(db::Session& session, const Project& project) {
  const auto organization = accounts::find_organization(session, project.organization_id);
  if (!organization) throw db::StoreError("a project without an organization", false);
  return organization->name;
}

}  // namespace

PipelineFacts facts_of(db::Session& session, Pipeline pipeline) {
  auto project = Projects::find(session, pipeline.project_id);
  auto source = Projects::find(session, pipeline.source_project_id);
  if (!project || !source) throw db::StoreError("a pipeline without its project", false);
  PipelineFacts facts{.pipeline = std::move(pipeline),
                      .project = std::move(*project),
                      .source = std::move(*source),
                      .organization = {},
                      .source_organization = {}};
  facts.organization = organization_name(session, facts.project);
  facts.source_organization = organization_name(session, facts.source);
  return facts;
}

std::string clone_url(std::string_view public_url, std::string_view organization,
                      std::string_view project) {
  return fmt::format("{}/git/{}/{}.git", public_url, organization, project);
}

config::PipelineValues pipeline_values(const PipelineFacts& facts, std::string_view public_url) {
  const Pipeline& pipeline = facts.pipeline;
  const std::string url = clone_url(public_url, facts.organization, facts.project.name);
  config::PipelineValues values{
      {"pipeline.id", pipeline.id},
      {"pipeline.number", pipeline.number},
      {"pipeline.name", pipeline.definition_name},
      {"pipeline.definition.id", pipeline.definition_id},
      {"pipeline.project.slug", facts.project.slug},
      {"pipeline.project.type", project_type(facts.project.slug)},
      {"pipeline.project.git_url", url},
      {"pipeline.config.file_path", pipeline.config_path},
      {"pipeline.config.ref", pipeline.config_ref},
      {"pipeline.config.sha", pipeline.config_revision},
      {"pipeline.config.repository.name", facts.source.name},
      {"pipeline.config.repository.url",
       clone_url(public_url, facts.source_organization, facts.source.name)},
      {"pipeline.config_source", std::string("imprimatur")}};
  add_event(values, pipeline);
  add_checkout(values, facts, public_url);
  return values;
}

std::string to_json(const config::PipelineValues& values) {
  json::object out;
  for (const auto& [name, value] : values) {
    if (const auto* flag = std::get_if<bool>(&value)) out[name] = *flag;
    if (const auto* number = std::get_if<std::int64_t>(&value)) out[name] = *number;
    if (const auto* text = std::get_if<std::string>(&value)) out[name] = *text;
  }
  return json::serialize(out);
}

config::PipelineValues values_from_json(const std::string& text) {
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  const json::object* object = error ? nullptr : parsed.if_object();
  if (!object) throw db::StoreError("unreadable values in the tables of pipelines", false);
  config::PipelineValues values;
  for (const auto& member : *object) values[std::string(member.key())] = value_of(member.value());
  return values;
}

}  // namespace imp::ci
