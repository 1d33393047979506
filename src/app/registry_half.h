#pragma once

#include <memory>

#include "accounts/accounts.h"
#include "app/settings.h"
#include "app/store.h"
#include "base/log.h"
#include "base/metrics.h"
#include "hooks/sender.h"
#include "http/client.h"
#include "http/router.h"
#include "http/waiters.h"
#include "registry/api/services.h"
#include "registry/trust/evaluation.h"
#include "registry/trust/issuer_keys.h"
#include "registry/trust/run_end.h"

namespace imp::app {

/// The issuers that are always there: this server's own, CircleCI's (a setting), and those that the
/// other providers know of.
std::vector<trust::Issuer> built_in_issuers(const Settings& settings,
                                            const std::string& listen_origin);

/// The registry, wired: everything behind the npm protocol. Knows the built-in CI only as an
/// issuer.
class RegistryHalf {
 public:
  /// `listen_origin` is where this very server is reached on this machine
  /// ("http://127.0.0.1:4873"): the built-in issuer's keys are fetched from there, like any foreign
  /// issuer's.
  static Result<std::unique_ptr<RegistryHalf>> create(
      const Settings& settings, Store& store, blobs::Store& blobs, accounts::Accounts& accounts,
      http::Client& client, http::Waiters& waiters, const std::string& listen_origin,
      const Clock& clock, Log& log, Metrics& metrics);

  void add_routes(http::Router& router);
  std::shared_ptr<const http::Prepared> hot(const http::Request& request) const {
    return reader_.hot(request);
  }
  /// Ends the publish tokens that a job of this server's own CI got, and lets it get no more. In
  /// the transaction that ends or cancels the job.
  void end_run(db::Session& session, std::string_view job_id, Time now) {
    trust::end_run(session, services_.own_issuer, job_id, now);
  }
  /// Delivers webhooks in the background, until stop(), which comes before the database's.
  void start() { hook_sender_.start(); }
  /// Also writes down what was only counted so far, since it would be lost with the process.
  void stop();
  /// Forgets what has expired. Call now and then.
  void tidy();

  registry::RegistryServices& services() { return services_; }

 private:
  RegistryHalf(const Settings& settings, Store& store, blobs::Store& blobs,
               accounts::Accounts& accounts, http::Client& client, http::Waiters& waiters,
               registry::RegistryKey key, const std::string& listen_origin, const Clock& clock,
               Log& log, Metrics& metrics);
  void record_suppressed(audit::Suppressed::Which which);

  registry::RegistryKey key_;
  trust::Issuers issuers_;
  trust::IssuerKeys issuer_keys_;
  trust::Evaluator evaluator_;
  trust::Exchange exchange_;
  registry::RecentPublishes recent_publishes_;
  registry::RefusedExchanges refused_exchanges_;
  registry::PackumentCache cache_;
  registry::PackageReader reader_;
  registry::Reviews reviews_;
  registry::RegistryServices services_;
  hooks::Sender hook_sender_;
  std::string attempts_from_;  // where tidy() goes on among the publish attempts
};

}  // namespace imp::app
