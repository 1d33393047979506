#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "app/audit_tree.h"
#include "app/blob_sweep.h"
#include "app/ci_half.h"
#include "app/data_lock.h"
#include "app/housekeeping.h"
#include "app/registry_half.h"
#include "app/runner_keeper.h"
#include "app/settings.h"
#include "app/store.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/server.h"
#include "http/waiters.h"
#include "mail/sender.h"
#include "web/services.h"

namespace imp::app {

/// One server with every role, wired from settings. Nothing here waits for a remote party.
class Application {
 public:
  /// Opens the data directory (making it when it is new) and wires everything. `log` and `clock`
  /// outlive the application.
  static Result<std::unique_ptr<Application>> create(const Settings& settings, const Clock& clock,
                                                     Log& log);
  ~Application();

  /// Listens. After this, public_url() is final.
  Result<void> start();
  /// Ends running requests and writes what is still in memory.
  void stop();

  const std::string& public_url() const { return settings_.public_url; }
  /// The one-time token for creating the first administrator; nothing when there is one already.
  Result<std::optional<std::string>> setup_token() { return accounts_->bootstrap.setup_token(); }

 private:
  Application(Settings settings, DataLock lock, Store store, const Clock& clock, Log& log);
  Result<void> wire();
  Result<void> set_up_mail();
  void start_runner();
  Result<RunnerCommand> runner_command();

  Settings settings_;
  DataLock lock_;
  Store store_;
  const Clock& clock_;
  Log& log_;
  Metrics metrics_;
  http::Waiters waiters_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<blobs::Store> blobs_;
  std::unique_ptr<accounts::Accounts> accounts_;
  std::unique_ptr<RegistryHalf> registry_;
  std::unique_ptr<CiHalf> ci_;
  std::unique_ptr<AuditTree> audit_;
  std::unique_ptr<mail::Transport> mail_transport_;
  std::optional<mail::Sender> mail_sender_;
  std::optional<web::WebServices> web_;
  std::unique_ptr<http::Server> server_;
  std::optional<BlobSweep> blob_sweep_;
  std::optional<Housekeeping> housekeeping_;
  std::atomic<RunnerState> runner_state_ = RunnerState::none;
  std::optional<RunnerKeeper> runner_;
};

}  // namespace imp::app
