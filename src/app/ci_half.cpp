#include "app/ci_half.h"

#include "ci/api/engine_routes.h"
#include "ci/pipelines/refusal.h"
#include "crypto/random.h"

namespace imp::app {

Result<std::unique_ptr<CiHalf>> CiHalf::create(const Settings& settings, Store& store,
                                               accounts::Accounts& accounts, http::Waiters& waiters,
                                               const Clock& clock, Log& log, Metrics& metrics,
                                               ci::JobOver job_over) {
  std::unique_ptr<CiHalf> half(
      new CiHalf(settings, store, accounts, waiters, clock, log, metrics, std::move(job_over)));
  if (const auto ready = half->signing_keys_.ensure(); !ready) return pass_on(ready);
  half->pipelines_.recover();
  return half;
}

CiHalf::CiHalf(const Settings& settings, Store& store, accounts::Accounts& accounts,
               http::Waiters& waiters, const Clock& clock, Log& log, Metrics& metrics,
               ci::JobOver job_over)
    : log_(log),
      repositories_(store.repositories()),
      projects_(*store.database, repositories_, clock, settings.public_url),
      definitions_(*store.database, clock),
      project_variables_(*store.database, store.sealer, clock),
      contexts_(*store.database, clock),
      context_variables_(*store.database, store.sealer, clock),
      restrictions_(*store.database, clock),
      signing_keys_(*store.database, store.sealer, clock),
      issuer_(settings.public_url, *store.database, signing_keys_, clock, metrics),
      deploys_(*store.database),
      deploy_markers_(*store.database, clock),
      context_access_(context_variables_, clock, metrics),
      services_{accounts,           projects_, definitions_,
                project_variables_, contexts_, context_variables_,
                restrictions_,      issuer_,   deploys_},
      pipelines_({.database = *store.database,
                  .clock = clock,
                  .random = crypto::system_random(),
                  .sealer = store.sealer,
                  .log = log,
                  .metrics = metrics,
                  .waiters = waiters,
                  .definitions = definitions_,
                  .repositories = repositories_,
                  .variables = project_variables_,
                  .contexts = context_access_,
                  .issuer = issuer_,
                  .deploys = deploy_markers_,
                  .public_url = settings.public_url,
                  .job_over = std::move(job_over)}) {}

void CiHalf::add_routes(http::Router& router) {
  ci::add_ci_routes(router, services_);
  ci::add_engine_routes(router, services_, pipelines_);
}

void CiHalf::tidy() {
  if (const auto done = pipelines_.tidy(); !done) {
    log_.warning("pipelines not tidied", {{"reason", done.error().detail}});
  }
  if (const auto done = signing_keys_.tidy(); !done) {
    log_.warning("signing keys not tidied", {{"reason", done.error().detail}});
  }
}

Result<std::string> CiHalf::runner_token() {
  constexpr std::string_view name = "beside the server";
  const accounts::Actor by = accounts::Actor::system("serve");
  if (const auto mine = pipelines_.runner_tokens.verify(runner_token_)) {
    const auto abandoned = pipelines_.runner_tokens.abandon_jobs(mine->id);
    if (!abandoned) return pass_on(abandoned);
    return runner_token_;
  } else if (mine.error().code() != ci::reason(ci::PipelineRefusal::runner_token_refused).code) {
    return pass_on(mine);
  }
  // The token of the process before this one is of no use to anybody any more.
  const auto existing = pipelines_.runner_tokens.list();
  if (!existing) return pass_on(existing);
  for (const ci::RunnerIdentity& runner : *existing) {
    if (runner.name != name) continue;
    if (const auto revoked = pipelines_.runner_tokens.revoke(runner.id, by); !revoked)
      return pass_on(revoked);
  }
  auto token = pipelines_.runner_tokens.create(name, by);
  if (token) runner_token_ = *token;
  return token;
}

}  // namespace imp::app
