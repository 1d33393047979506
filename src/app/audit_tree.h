#pragma once

#include <memory>
#include <optional>
#include <string>

#include "accounts/accounts.h"
#include "app/housekeeping.h"
#include "app/settings.h"
#include "app/store.h"
#include "audit/transparency_log.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/router.h"

namespace imp::app {

/// The name of this server's audit log: its address without scheme, as C2SP tlog-tiles has it.
std::string audit_log_origin(const Settings& settings);

/// The audit log's Merkle tree in the running server: seals new records every second on a thread of
/// its own, and serves checkpoints, tiles and proofs.
class AuditTree {
 public:
  /// Makes the log's key when it is new, and seals what one batch takes, so that there is a
  /// checkpoint before the first request. A damaged log is a line in the log and no refusal: the
  /// server goes on recording, and nothing more is signed.
  static Result<std::unique_ptr<AuditTree>> create(const Settings& settings, Store& store,
                                                   accounts::Accounts& accounts, const Clock& clock,
                                                   Log& log, Metrics& metrics);
  /// Below /-/audit. Checkpoints, keys, hashes and proofs are for everybody; what shows records is
  /// for administrators of the server.
  void add_routes(http::Router& router);

  void start();
  /// Seals once more.
  void stop() { sealing_.reset(); }

 private:
  AuditTree(Store& store, accounts::Accounts& accounts, const Clock& clock, Log& log,
            Metrics& metrics)
      : tree_(*store.database, store.sealer, clock),
        accounts_(accounts),
        log_(log),
        metrics_(metrics) {}
  void seal(Result<audit::TransparencyLog::Sealed> done);

  audit::TransparencyLog tree_;
  accounts::Accounts& accounts_;
  Log& log_;
  Metrics& metrics_;
  std::string last_failure_;  ///< used by the sealing thread alone, once it runs
  std::optional<Housekeeping> sealing_;
};

}  // namespace imp::app
