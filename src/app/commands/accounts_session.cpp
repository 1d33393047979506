#include "app/commands/accounts_session.h"

#include "crypto/random.h"

extern char** environ;

namespace imp::app {

Result<std::unique_ptr<AccountsSession>> AccountsSession::open(const Flags& flags, bool create) {
  const auto settings = load_settings(flags, environ);
  if (!settings) return pass_on(settings);
  auto store = open_store(settings->data, create);
  if (!store) return pass_on(store);
  return std::unique_ptr<AccountsSession>(new AccountsSession(std::move(*store), *settings));
}

AccountsSession::AccountsSession(Store store, const Settings& settings) : store_(std::move(store)) {
  accounts_ = std::make_unique<accounts::Accounts>(
      accounts::Services{.database = *store_.database,
                         .clock = clock_,
                         .random = crypto::system_random(),
                         .sealer = store_.sealer,
                         .log = null_log(),
                         .metrics = metrics_,
                         .settings = {.public_url = settings.public_url}});
}

}  // namespace imp::app
