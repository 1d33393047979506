#include "ci/pipelines/triggers.h"

#include <fmt/format.h>

#include "audit/log.h"
#include "base/uuid.h"
#include "ci/contexts/audit_record.h"
#include "ci/pipelines/compilation.h"
#include "ci/pipelines/refusal.h"
#include "ci/pipelines/rows.h"

namespace imp::ci {
namespace {

struct ResolvedRef {
  std::string full_name, revision;
};

Result<ResolvedRef> resolve(const Repositories& repositories, const Project& project,
                            const RefChoice& choice, std::string_view what) {
  if (choice.branch.empty() == choice.tag.empty()) {
    return refuse(PipelineRefusal::invalid_trigger,
                  fmt::format("\"{}\" names a branch or a tag, and not both.", what));
  }
  const bool branch = !choice.branch.empty();
  auto revision = branch ? repositories.resolve_branch(project.id, choice.branch)
                         : repositories.resolve_tag(project.id, choice.tag);
  if (!revision) return pass_on(revision);
  return ResolvedRef{branch ? "refs/heads/" + choice.branch : "refs/tags/" + choice.tag,
                     std::move(*revision)};
}

Result<void> require_hosted(const Project& project) {
  if (project.hosted) return {};
  return refuse(PipelineRefusal::repository_elsewhere,
                fmt::format("This server runs pipelines of repositories that it holds; that of {} "
                            "is at {}.",
                            project.slug, project.repository_url));
}

struct PullRequest {
  std::int64_t number = 0;
  bool opened = false;
};

PullRequest number_of(db::Session& session, const Project& parent, const Project& fork,
                      const std::string& branch, Time now) {
  const auto known = session.row(
      "SELECT number FROM ci_pull_requests WHERE project_id = :p1 AND fork_id = :p2 AND branch = "
      ":p3",
      {parent.id, fork.id, branch});
  if (known) return {known->integer(0), false};
  const auto last =
      session.row("SELECT MAX(number) FROM ci_pull_requests WHERE project_id = :p1", {parent.id});
  const std::int64_t number = (last ? last->integer(0) : 0) + 1;
  session.run(
      "INSERT INTO ci_pull_requests (project_id, number, fork_id, branch, created) VALUES (:p1, "
      ":p2, :p3, :p4, :p5)",
      {parent.id, number, fork.id, branch, to_milliseconds(now)});
  return {number, true};
}

}  // namespace

Pipeline pipeline_of(std::string project_id, const PipelineDefinition& definition,
                     const accounts::Actor& by) {
  Pipeline pipeline;
  pipeline.project_id = pipeline.source_project_id = std::move(project_id);
  pipeline.definition_id = definition.id;
  pipeline.definition_name = definition.name;
  pipeline.config_path = definition.config_path;
  pipeline.actor_id = by.person_id;
  pipeline.actor_name = by.name;
  return pipeline;
}

Result<Pipeline> Triggers::run(const Project& project, const RunRequest& request,
                               const accounts::Actor& by) {
  if (auto hosted = require_hosted(project); !hosted) return pass_on(hosted);
  const auto definition = services_.definitions.find(project.id, request.definition_id);
  if (!definition) return pass_on(definition);
  const auto checkout = resolve(services_.repositories, project, request.checkout, "checkout");
  if (!checkout) return pass_on(checkout);
  const auto config = resolve(services_.repositories, project, request.config, "config");
  if (!config) return pass_on(config);
  if (config->full_name != checkout->full_name &&
      config->full_name != "refs/heads/" + project.default_branch) {
    return refuse(PipelineRefusal::config_from_elsewhere,
                  fmt::format("The configuration is read from what is checked out ({}) or from the "
                              "default branch ({}): one from {} could use what only {} may use.",
                              checkout->full_name, project.default_branch, config->full_name,
                              checkout->full_name));
  }
  const auto commit = services_.repositories.commit(project.id, checkout->revision);
  if (!commit) return pass_on(commit);

  NewPipeline wanted{pipeline_of(project.id, *definition, by), request.arguments};
  Pipeline& pipeline = wanted.pipeline;
  pipeline.event_name = pipeline.event_action = "api";
  pipeline.branch = request.checkout.branch;
  pipeline.tag = request.checkout.tag;
  pipeline.source_ref = checkout->full_name;
  pipeline.revision = checkout->revision;
  pipeline.config_ref = config->full_name;
  pipeline.config_revision = config->revision;
  pipeline.commit_subject = commit->subject;
  const auto id = services_.database.write([&](db::Session& session) -> Result<std::string> {
    return record(session, {wanted}, by).front();
  });
  if (!id) return pass_on(id);
  return start(*id);
}

Result<std::vector<Pipeline>> Triggers::pull_request(const Project& parent, const Project& fork,
                                                     std::string_view branch,
                                                     const accounts::Actor& by) {
  for (const Project* project : {&parent, &fork}) {
    if (auto hosted = require_hosted(*project); !hosted) return pass_on(hosted);
  }
  if (parent.id == fork.id) {
    return refuse(PipelineRefusal::not_a_fork,
                  "A pull request comes from another project; push a branch to build it here.");
  }
  if (!parent.settings.build_fork_prs) {
    return refuse(PipelineRefusal::forks_not_built,
                  fmt::format("{} does not build pull requests of forks; its administrators can "
                              "turn that on (\"build_fork_prs\").",
                              parent.slug));
  }
  const auto revision = services_.repositories.resolve_branch(fork.id, branch);
  if (!revision) return pass_on(revision);
  const auto commit = services_.repositories.commit(fork.id, *revision);
  if (!commit) return pass_on(commit);
  const auto definitions = services_.definitions.list(parent.id);
  if (!definitions) return pass_on(definitions);

  const auto ids =
      services_.database.write([&](db::Session& session) -> Result<std::vector<std::string>> {
        const PullRequest request =
            number_of(session, parent, fork, std::string(branch), services_.clock.now());
        std::vector<NewPipeline> wanted;
        for (const PipelineDefinition& definition : *definitions) {
          Pipeline pipeline = pipeline_of(parent.id, definition, by);
          pipeline.event_name = "pull_request";
          pipeline.event_action = request.opened ? "opened" : "synchronize";
          pipeline.source_project_id = fork.id;
          pipeline.branch = fmt::format("pull/{}", request.number);
          pipeline.source_ref = fmt::format("refs/heads/{}", branch);
          pipeline.revision = pipeline.config_revision = *revision;
          pipeline.config_ref = pipeline.source_ref;
          pipeline.commit_subject = commit->subject;
          pipeline.from_fork = true;
          pipeline.pull_request = request.number;
          wanted.push_back({std::move(pipeline)});
        }
        return record(session, std::move(wanted), by);
      });
  if (!ids) return pass_on(ids);
  return start_all(*ids);
}

std::vector<std::string> Triggers::record(db::Session& session, std::vector<NewPipeline> pipelines,
                                          const accounts::Actor& by) const {
  std::vector<std::string> ids;
  for (NewPipeline& wanted : pipelines) {
    Pipeline& pipeline = wanted.pipeline;
    const auto project = Projects::find(session, pipeline.project_id);
    if (!project) throw db::StoreError("a pipeline of a project that does not exist", false);
    pipeline.id = new_uuid();
    pipeline.number = Projects::next_pipeline_number(session, pipeline.project_id);
    pipeline.state = PipelineState::pending;
    pipeline.created = services_.clock.now();
    insert(session, pipeline, to_json(wanted.arguments));
    audit::append(session, audit_record(by, "pipeline.create", "pipeline:" + pipeline.id,
                                        project->organization_id, pipeline.created,
                                        {{"project", pipeline.project_id},
                                         {"number", pipeline.number},
                                         {"definition", pipeline.definition_id},
                                         {"event", pipeline.event_name},
                                         {"ref", pipeline.source_ref},
                                         {"revision", pipeline.revision},
                                         {"source_project", pipeline.source_project_id}}));
    services_.metrics.count("imprimatur_pipelines_total", {{"event", pipeline.event_name}});
    ids.push_back(pipeline.id);
  }
  return ids;
}

Result<PipelineFacts> Triggers::facts_of(std::string_view pipeline_id,
                                         config::Arguments& arguments) const {
  return services_.database.read([&](db::Session& session) -> Result<PipelineFacts> {
    auto pipeline = find_pipeline(session, pipeline_id);
    if (!pipeline) {
      return refuse(PipelineRefusal::pipeline_not_found, "There is no such pipeline.");
    }
    const auto row = session.row("SELECT arguments FROM ci_pipelines WHERE id = :p1",
                                 {std::string(pipeline_id)});
    arguments = values_from_json(row->text(0));
    return imp::ci::facts_of(session, std::move(*pipeline));
  });
}

Result<Pipeline> Triggers::start(std::string_view pipeline_id) {
  config::Arguments arguments;
  auto facts = facts_of(pipeline_id, arguments);
  if (!facts) return pass_on(facts);
  if (facts->pipeline.state != PipelineState::pending) return std::move(facts->pipeline);
  const Compilation compilation = compile_pipeline(services_, *facts, arguments);
  Changes changes(services_.job_over);
  auto started = services_.database.write([&](db::Session& session) -> Result<Pipeline> {
    const auto now = find_pipeline(session, pipeline_id);
    if (!now || now->state != PipelineState::pending) return facts->pipeline;
    store(session, *facts, compilation, services_.clock.now(), changes);
    return *find_pipeline(session, pipeline_id);
  });
  if (started) changes.notify(services_.waiters);
  return started;
}

Result<std::vector<Pipeline>> Triggers::start_all(const std::vector<std::string>& pipeline_ids) {
  std::vector<Pipeline> started;
  for (const std::string& id : pipeline_ids) {
    auto pipeline = start(id);
    if (!pipeline) {
      services_.log.error("pipeline not started",
                          {{"pipeline", id}, {"reason", pipeline.error().detail}});
      continue;
    }
    started.push_back(std::move(*pipeline));
  }
  return started;
}

void Triggers::resume(Milliseconds age) {
  const auto pending =
      services_.database.read([&](db::Session& session) -> Result<std::vector<std::string>> {
        std::vector<std::string> ids;
        for (const Pipeline& pipeline : find_pipelines(
                 session, "state = 'pending' AND created <= :p1 ORDER BY created LIMIT 50",
                 {to_milliseconds(services_.clock.now() - age)})) {
          ids.push_back(pipeline.id);
        }
        return ids;
      });
  if (pending) (void)start_all(*pending);
}

}  // namespace imp::ci
