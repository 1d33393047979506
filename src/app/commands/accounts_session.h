#pragma once

#include <memory>

#include "accounts/accounts.h"
#include "app/settings.h"
#include "app/store.h"
#include "base/log.h"
#include "base/metrics.h"

namespace imp::app {

/// People and tokens for a command that works on the data directory, beside a running server or
/// without one.
class AccountsSession {
 public:
  /// With `create`, a data directory that is not there is made: the first user may come before the
  /// server.
  static Result<std::unique_ptr<AccountsSession>> open(const Flags& flags, bool create);
  accounts::Accounts& accounts() { return *accounts_; }
  db::Database& database() { return *store_.database; }
  Store& store() { return store_; }

 private:
  explicit AccountsSession(Store store, const Settings& settings);

  Store store_;
  SystemClock clock_;
  Metrics metrics_;
  std::unique_ptr<accounts::Accounts> accounts_;
};

}  // namespace imp::app
