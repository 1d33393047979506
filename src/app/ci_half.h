#pragma once

#include <memory>

#include "accounts/accounts.h"
#include "app/settings.h"
#include "app/store.h"
#include "base/log.h"
#include "base/metrics.h"
#include "ci/api/services.h"
#include "ci/contexts/access.h"
#include "ci/deploys/markers.h"
#include "ci/pipelines/pipelines.h"
#include "http/router.h"
#include "http/waiters.h"

namespace imp::app {

/// The CI control plane, wired: everything behind the CircleCI-compatible API and the OIDC issuer.
/// Shares people, organisations and the audit log with the registry, and nothing else.
class CiHalf {
 public:
  /// `job_over` is told of jobs that end or are canceled.
  static Result<std::unique_ptr<CiHalf>> create(const Settings& settings, Store& store,
                                                accounts::Accounts& accounts,
                                                http::Waiters& waiters, const Clock& clock,
                                                Log& log, Metrics& metrics, ci::JobOver job_over);

  void add_routes(http::Router& router);
  /// Ends what is overdue: leases, pending pipelines, replaced signing keys. Call every few
  /// seconds.
  void tidy();
  /// The token of the runner that this process starts itself: the same for as long as the process
  /// lives and nobody revokes it. Ends the jobs of the runner that had it before: asked for when
  /// there is none (any more). One call at a time.
  Result<std::string> runner_token();
  ci::CiServices& services() { return services_; }
  ci::Pipelines& pipelines() { return pipelines_; }

 private:
  CiHalf(const Settings& settings, Store& store, accounts::Accounts& accounts,
         http::Waiters& waiters, const Clock& clock, Log& log, Metrics& metrics,
         ci::JobOver job_over);

  Log& log_;

  ci::Repositories repositories_;
  ci::Projects projects_;
  ci::PipelineDefinitions definitions_;
  ci::ProjectVariables project_variables_;
  ci::Contexts contexts_;
  ci::ContextVariables context_variables_;
  ci::Restrictions restrictions_;
  ci::SigningKeys signing_keys_;
  ci::Issuer issuer_;
  ci::DeployTimeline deploys_;
  ci::DeployMarkers deploy_markers_;
  ci::ContextAccess context_access_;
  ci::CiServices services_;
  ci::Pipelines pipelines_;
  std::string runner_token_;  ///< empty until it is asked for
};

}  // namespace imp::app
