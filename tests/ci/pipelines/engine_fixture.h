#pragma once

#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accounts/accounts.h"
#include "ci/contexts/ci_store.h"
#include "ci/contexts/contexts.h"
#include "ci/contexts/restrictions.h"
#include "ci/identity/signing_keys.h"
#include "ci/pipelines/pipelines.h"
#include "crypto/random.h"
#include "db/mortal_database.h"
#include "jose/token.h"

namespace imp::ci {

inline constexpr std::string_view test_url = "https://ci.example:4873";

/// Everything of one process over a database.
struct World {
  World(db::Database& database, const crypto::Sealer& sealer, const Clock& clock, Metrics& metrics,
        const std::string& repositories_directory)
      : accounts({.database = database,
                  .clock = clock,
                  .random = crypto::system_random(),
                  .sealer = sealer,
                  .log = null_log(),
                  .metrics = metrics,
                  .settings = {.public_url = std::string(test_url),
                               .password_cost = crypto::PasswordCost::minimal}}),
        repositories(repositories_directory),
        projects(database, repositories, clock, std::string(test_url)),
        definitions(database, clock),
        variables(database, sealer, clock),
        contexts(database, clock),
        context_variables(database, sealer, clock),
        restrictions(database, clock),
        access(context_variables, clock, metrics),
        keys(database, sealer, clock),
        issuer(std::string(test_url), database, keys, clock, metrics),
        deploys(database, clock),
        pipelines({.database = database,
                   .clock = clock,
                   .random = crypto::system_random(),
                   .sealer = sealer,
                   .log = null_log(),
                   .metrics = metrics,
                   .waiters = waiters,
                   .definitions = definitions,
                   .repositories = repositories,
                   .variables = variables,
                   .contexts = access,
                   .issuer = issuer,
                   .deploys = deploys,
                   .public_url = std::string(test_url),
                   .job_over = [this](db::Session&, const std::string& job, Time) {
                     over.push_back(job);
                   }}) {}

  accounts::Accounts accounts;
  Repositories repositories;
  Projects projects;
  PipelineDefinitions definitions;
  ProjectVariables variables;
  Contexts contexts;
  ContextVariables context_variables;
  Restrictions restrictions;
  ContextAccess access;
  SigningKeys keys;
  Issuer issuer;
  DeployMarkers deploys;
  http::Waiters waiters;
  std::vector<std::string> over;  ///< jobs, as the engine told that they were
  Pipelines pipelines;
};

/// Acme with alice (its admin), bob and carol (members); one hosted project; one runner.
class EngineTest : public CiStore {
 protected:
  using Files = std::map<std::string, std::string>;

  explicit EngineTest(Place place = Place::memory);

  /// Another process over the same database, after this one was killed.
  void restart();

  accounts::Person person(const std::string& name);
  static accounts::Actor actor(const accounts::Person& person);
  Project hosted(const accounts::Organization& organization, const std::string& name);

  /// Commits files on top of a branch of a hosted repository, behind the server's back.
  void commit(const Project& project, const std::string& branch, const Files& files,
              const std::string& message = "Change");
  void tag(const Project& project, const std::string& tag, const std::string& branch);
  /// The same, seen as a push by `by`.
  std::vector<Pipeline> push(const Project& project, const std::string& branch, const Files& files,
                             const accounts::Person& by, const std::string& message = "Change");
  /// A push of a configuration to a branch; its one pipeline.
  Pipeline push_config(const std::string& config, const std::string& branch = "main",
                       std::optional<accounts::Person> by = std::nullopt);

  Context context(const std::string& name,
                  const std::map<std::string, std::string>& variables = {});
  void restrict(const Context& context, RestrictionKind kind, const std::string& value);

  /// What a runner does.
  Result<std::optional<runner::JobTicket>> try_claim(const std::string& claim_id,
                                                     std::vector<std::string> labels = {});
  std::optional<runner::JobTicket> claim();
  static runner::EventBatch batch(const std::string& lease, std::uint64_t first,
                                  std::vector<decltype(runner::Event::what)> events);
  void finish(const runner::JobTicket& ticket,
              runner::JobOutcome outcome = runner::JobOutcome::success);

  WorkflowView workflow(const std::string& pipeline_id, std::size_t index = 0);
  Job job(const std::string& pipeline_id, const std::string& name, std::size_t workflow = 0);
  /// "workflow: a=success b=blocked", for the workflows of a pipeline, one a line.
  std::string state(const std::string& pipeline_id);

  static std::string variable(const runner::JobTicket& ticket, std::string_view name);

  db::test::MortalDatabase mortal_{*database_};
  std::unique_ptr<World> world_;
  accounts::Person alice, bob, carol;
  accounts::Organization acme;
  Project widgets;
  RunnerIdentity runner_;
};

/// A configuration of build jobs that run `true`; `workflow` is the list under `jobs:`.
std::string config_with(const std::vector<std::string>& jobs, const std::string& workflow);

/// A claim of CircleCI's own as text: strings as they are, anything else as JSON.
std::string claim_text(const jose::Token& token, const std::string& name);

}  // namespace imp::ci
