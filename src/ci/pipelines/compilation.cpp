#include "ci/pipelines/compilation.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/uuid.h"
#include "ci/config/compile.h"
#include "ci/pipelines/job_ticket.h"
#include "ci/pipelines/rows.h"

namespace imp::ci {
namespace {

std::string lines_of(const config::Problems& problems) {
  std::string text;
  for (const config::Problem& problem : problems) {
    if (!text.empty()) text += '\n';
    text += problem.text();
  }
  return text;
}

/// An encoded ticket that decodes again; the runner would refuse it otherwise, and then nobody who
/// could mend the file would see why.
Result<std::string> encoded(runner::JobTicket ticket) {
  ticket.job_id = new_uuid();
  ticket.lease = "none";
  std::string text = runner::encode(ticket);
  if (auto decoded = runner::decode<runner::JobTicket>(text); !decoded) return pass_on(decoded);
  return text;
}

void encode_templates(Compilation& compilation, const PipelineFacts& facts,
                      std::string_view public_url) {
  for (const config::Workflow& workflow : compilation.workflows) {
    auto& templates = compilation.templates.emplace_back();
    for (const config::Job& job : workflow.jobs) {
      if (job.type == config::JobType::approval) {
        templates.emplace_back();
        continue;
      }
      auto text = encoded(ticket_template(job, facts, public_url));
      if (!text) {
        compilation.errors = "job \"" + job.name + "\": " + text.error().message;
        compilation.workflows.clear();
        return;
      }
      templates.push_back(std::move(*text));
    }
  }
}

std::vector<JobRequirement> requirements_of(const config::Workflow& workflow,
                                            const config::Job& job) {
  std::vector<JobRequirement> out;
  for (const config::Requirement& requirement : job.requirements) {
    const auto found = std::ranges::find(workflow.jobs, requirement.job, &config::Job::name);
    out.push_back({static_cast<std::size_t>(found - workflow.jobs.begin()), requirement.statuses});
  }
  return out;
}

void insert_workflow(db::Session& session, const PipelineFacts& facts,
                     const Compilation& compilation, std::size_t index, Time now,
                     Changes& changes) {
  const config::Workflow& compiled = compilation.workflows[index];
  Workflow workflow;
  workflow.pipeline_id = facts.pipeline.id;
  workflow.project_id = facts.project.id;
  workflow.name = storable(compiled.name);
  workflow.actor_id = facts.pipeline.actor_id;
  workflow.actor_name = facts.pipeline.actor_name;
  workflow.created = now;
  insert(session, workflow);
  for (std::size_t i = 0; i < compiled.jobs.size(); ++i) {
    const config::Job& job = compiled.jobs[i];
    JobRow row;
    row.job.id = new_uuid();
    row.job.workflow_id = workflow.id;
    row.job.pipeline_id = facts.pipeline.id;
    row.job.project_id = facts.project.id;
    row.job.name = storable(job.name);
    row.job.type = job.type;
    row.job.contexts = job.contexts;
    row.position = i;
    row.requirements = requirements_of(compiled, job);
    row.resource_class = storable(job.resource_class);
    insert(session, row, compilation.templates[index][i]);
  }
  advance_workflow(session, workflow.id, now, changes);
}

}  // namespace

Compilation compile_pipeline(const PipelineServices& services, PipelineFacts& facts,
                             const config::Arguments& arguments) {
  Compilation out;
  const Pipeline& pipeline = facts.pipeline;
  auto commit = services.repositories.commit(facts.source.id, pipeline.revision);
  if (!commit) {
    out.errors = commit.error().message;
    return out;
  }
  facts.commit = std::move(*commit);
  out.values = pipeline_values(facts, services.public_url);
  auto file = services.repositories.read_file(facts.source.id, pipeline.config_revision,
                                              pipeline.config_path);
  if (!file) {
    out.errors = file.error().message;
    return out;
  }
  auto compiled = config::compile(*file, {out.values, arguments});
  // A file that is no text cannot be kept as text; the compiler has refused it.
  if (is_utf8(*file)) out.source = storable(*file);
  if (!compiled) {
    out.errors = lines_of(compiled.error());
    return out;
  }
  out.expanded = config::expanded_yaml(*compiled);
  out.warnings = lines_of(compiled->warnings);
  out.workflows = std::move(compiled->workflows);
  encode_templates(out, facts, services.public_url);
  return out;
}

void store(db::Session& session, const PipelineFacts& facts, const Compilation& compilation,
           Time now, Changes& changes) {
  const auto state = compilation.errors.empty() ? PipelineState::created : PipelineState::errored;
  session.run(
      "UPDATE ci_pipelines SET state = :p1, pipeline_values = :p2, config_source = :p3, "
      "config_compiled = :p4, errors = :p5, warnings = :p6 WHERE id = :p7",
      {std::string(name(state)), storable(to_json(compilation.values)), compilation.source,
       storable(compilation.expanded), storable(compilation.errors), storable(compilation.warnings),
       facts.pipeline.id});
  for (std::size_t i = 0; i < compilation.workflows.size(); ++i) {
    insert_workflow(session, facts, compilation, i, now, changes);
  }
}

}  // namespace imp::ci
