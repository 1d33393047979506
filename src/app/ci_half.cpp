#include "app/ci_half.h"

namespace imp::app {

Result<std::unique_ptr<CiHalf>> CiHalf::create(const Settings& settings, Store& store,
                                               accounts::Accounts& accounts, const Clock& clock,
                                               Metrics& metrics) {
  std::unique_ptr<CiHalf> half(new CiHalf(settings, store, accounts, clock, metrics));
  if (const auto ready = half->signing_keys_.ensure(); !ready) return pass_on(ready);
  return half;
}

CiHalf::CiHalf(const Settings& settings, Store& store, accounts::Accounts& accounts,
               const Clock& clock, Metrics& metrics)
    : repositories_(store.repositories()),
      projects_(*store.database, repositories_, clock, settings.public_url),
      definitions_(*store.database, clock),
      project_variables_(*store.database, store.sealer, clock),
      contexts_(*store.database, clock),
      context_variables_(*store.database, store.sealer, clock),
      restrictions_(*store.database, clock),
      signing_keys_(*store.database, store.sealer, clock),
      issuer_(settings.public_url, *store.database, signing_keys_, clock, metrics),
      deploys_(*store.database),
      services_{accounts,           projects_, definitions_,
                project_variables_, contexts_, context_variables_,
                restrictions_,      issuer_,   deploys_} {}

void CiHalf::add_routes(http::Router& router) { ci::add_ci_routes(router, services_); }

}  // namespace imp::app
