#include "ci/pipelines/job_ticket.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "ci/runner/secret_forms.h"

namespace imp::ci {
namespace {

// What the compiler lets pass must decode at the runner; it is the one that can say which line.
static_assert(config::max_text_bytes <= runner::most_text);
static_assert(config::max_short_text_bytes <= runner::most_short_text);
static_assert(config::max_steps <= runner::most_steps);

constexpr std::uint32_t time_limit_seconds = 5 * 3600;

runner::When when_of(config::RunWhen when) {
  switch (when) {
    case config::RunWhen::on_success:
      return runner::When::on_success;
    case config::RunWhen::always:
      return runner::When::always;
    case config::RunWhen::on_fail:
      return runner::When::on_fail;
  }
  return runner::When::on_success;
}

std::vector<runner::NamedValue> named(const config::EnvironmentVariables& variables) {
  std::vector<runner::NamedValue> out;
  out.reserve(variables.size());
  for (const auto& [name, value] : variables) out.push_back({name, value});
  return out;
}

runner::Step step_of(const config::CheckoutStep& step, const PipelineFacts& facts,
                     std::string_view public_url) {
  const std::string url = clone_url(public_url, facts.source_organization, facts.source.name);
  return {.name = "Checkout code",
          .when = runner::When::on_success,
          .action = runner::Checkout{.path = step.path,
                                     .fetch_url = url,
                                     .authorization = {},
                                     .repository_url = url,
                                     .revision = facts.pipeline.revision,
                                     .branch = facts.pipeline.branch,
                                     .tag = facts.pipeline.tag,
                                     .ref = {}}};
}

runner::Step step_of(const config::RunStep& step) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(step.no_output_timeout).count();
  return {.name = step.name,
          .when = when_of(step.when),
          .action = runner::Run{.command = step.command,
                                .shell = step.shell,
                                .working_directory = step.working_directory,
                                .environment = named(step.environment),
                                .background = step.background,
                                .no_output_seconds = static_cast<std::uint32_t>(
                                    std::clamp<std::int64_t>(seconds, 1, 7 * 86400))}};
}

class Environment {
 public:
  explicit Environment(runner::JobTicket& ticket) : ticket_(ticket) {}

  void secret(runner::VariableSource source, std::string_view name, const std::string& value) {
    variables_.push_back({source, std::string(name), value});
    if (runner::is_secret(value)) ticket_.secrets.push_back(value);
  }
  void builtin(std::string_view name, std::string value) {
    variables_.push_back({runner::VariableSource::builtin, std::string(name), std::move(value)});
  }
  void builtin_unless_empty(std::string_view name, const std::string& value) {
    if (!value.empty()) builtin(name, value);
  }
  /// The job's own variables are above all others and come last.
  void finish() {
    std::ranges::move(ticket_.environment, std::back_inserter(variables_));
    ticket_.environment = std::move(variables_);
  }

 private:
  runner::JobTicket& ticket_;
  std::vector<runner::Variable> variables_;
};

/// Its builds. It ends in the number, which is what scripts take from it.
std::string pull_request_url(std::string_view public_url, const TicketFacts& facts) {
  return fmt::format("{}/project/{}?branch={}", public_url, facts.project.id,
                     facts.pipeline.branch);
}

void add_builtins(Environment& environment, const TicketFacts& facts, std::string_view public_url) {
  const Pipeline& pipeline = facts.pipeline;
  environment.builtin("CI", "true");
  environment.builtin("CIRCLECI", "true");
  environment.builtin_unless_empty("CIRCLE_BRANCH", pipeline.branch);
  environment.builtin_unless_empty("CIRCLE_TAG", pipeline.tag);
  environment.builtin("CIRCLE_BUILD_NUM", std::to_string(facts.job.number.value_or(0)));
  environment.builtin("CIRCLE_BUILD_URL", build_url(public_url, facts.job.id));
  environment.builtin("CIRCLE_JOB", facts.job.name);
  environment.builtin("CIRCLE_NODE_INDEX", "0");
  environment.builtin("CIRCLE_NODE_TOTAL", "1");
  environment.builtin("CIRCLE_ORGANIZATION_ID", facts.project.organization_id);
  environment.builtin("CIRCLE_PIPELINE_ID", pipeline.id);
  environment.builtin("CIRCLE_PROJECT_ID", facts.project.id);
  environment.builtin("CIRCLE_PROJECT_REPONAME", facts.project.name);
  environment.builtin("CIRCLE_PROJECT_USERNAME", facts.organization);
  environment.builtin("CIRCLE_REPOSITORY_URL",
                      clone_url(public_url, facts.source_organization, facts.source.name));
  environment.builtin("CIRCLE_SHA1", pipeline.revision);
  environment.builtin_unless_empty("CIRCLE_USERNAME", facts.workflow.actor_name);
  environment.builtin("CIRCLE_WORKFLOW_ID", facts.workflow.id);
  environment.builtin("CIRCLE_WORKFLOW_JOB_ID", facts.job.id);
  environment.builtin("CIRCLE_WORKFLOW_WORKSPACE_ID", facts.workflow.workspace_id);
  if (pipeline.pull_request != 0) {
    const std::string url = pull_request_url(public_url, facts);
    environment.builtin("CIRCLE_PULL_REQUEST", url);
    environment.builtin("CIRCLE_PULL_REQUESTS", url);  // comma-separated: all of this commit's
  }
  if (pipeline.from_fork) {
    environment.builtin("CIRCLE_PR_NUMBER", std::to_string(pipeline.pull_request));
    environment.builtin("CIRCLE_PR_REPONAME", facts.source.name);
    environment.builtin("CIRCLE_PR_USERNAME", facts.source_organization);
  }
}

}  // namespace

runner::JobTicket ticket_template(const config::Job& job, const PipelineFacts& facts,
                                  std::string_view public_url) {
  runner::JobTicket ticket;
  ticket.job_name = job.name;
  if (!job.docker.empty()) ticket.image = job.docker.front().image;
  ticket.shell = job.shell;
  ticket.working_directory = job.working_directory;
  ticket.time_limit_seconds = time_limit_seconds;
  for (const auto& [name, value] : job.environment) {
    ticket.environment.push_back({runner::VariableSource::job, name, value});
  }
  for (const config::Step& step : job.steps) {
    if (const auto* checkout = std::get_if<config::CheckoutStep>(&step)) {
      ticket.steps.push_back(step_of(*checkout, facts, public_url));
    } else {
      ticket.steps.push_back(step_of(std::get<config::RunStep>(step)));
    }
  }
  return ticket;
}

std::string build_url(std::string_view public_url, std::string_view job_id) {
  return fmt::format("{}/job/{}", public_url, job_id);
}

void complete_ticket(runner::JobTicket& ticket, const TicketFacts& facts, const JobSecrets& secrets,
                     std::string_view public_url) {
  using runner::VariableSource;
  Environment environment(ticket);
  for (const auto& [name, value] : secrets.project) {
    environment.secret(VariableSource::project, name, value);
  }
  for (const SecretVariable& variable : secrets.contexts) {
    environment.secret(VariableSource::context, variable.name, variable.value);
  }
  add_builtins(environment, facts, public_url);
  if (!secrets.oidc_token.empty()) {
    environment.secret(VariableSource::builtin, "CIRCLE_OIDC_TOKEN", secrets.oidc_token);
    environment.secret(VariableSource::builtin, "CIRCLE_OIDC_TOKEN_V2", secrets.oidc_token_v2);
  }
  environment.finish();
  ticket.secrets.push_back(secrets.checkout_credential);
  const std::string authorization =
      "Basic " + base64(bytes_of(fmt::format("{}:{}", job_user, secrets.checkout_credential)));
  for (runner::Step& step : ticket.steps) {
    if (auto* checkout = std::get_if<runner::Checkout>(&step.action)) {
      checkout->authorization = authorization;
    }
  }
}

}  // namespace imp::ci
