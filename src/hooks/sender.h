#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "crypto/sealing.h"
#include "db/database.h"
#include "hooks/outbox.h"
#include "http/client.h"

namespace imp::hooks {

struct SenderOptions {
  /// Whether receivers may be at loopback, private and link-local addresses, and be spoken to
  /// without TLS: the operator's word.
  bool private_addresses = false;
  unsigned quick_threads = 4;  ///< for receivers that answered their last delivery quickly
  unsigned slow_threads = 4;   ///< for the others
  Milliseconds timeout{5000};  ///< for one attempt
  Milliseconds pause{1000};    ///< between looks at the outbox when nothing is due
};

/// Delivers what the outbox holds: POST with the body as JSON and the three headers of Standard
/// Webhooks. 2xx is a delivery; anything else, a redirect too, is tried again later. To one
/// receiver one delivery goes at a time; receivers that fail or are slow have threads of their own,
/// so that they hold up one another at most. What was under way when the process ended is sent
/// again.
class Sender {
 public:
  Sender(db::Database& database, http::Client& client, const crypto::Sealer& sealer,
         const Clock& clock, Log& log, Metrics& metrics, SenderOptions options = {});
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  /// Starts the threads.
  void start();
  /// Gives up what is under way, which is sent again after the next start, and ends the threads.
  void stop();

  /// Sends one delivery that is due to a receiver of this kind that nothing is being sent to; false
  /// when there is none. What the threads do; for tests.
  bool send_one(bool slow);

 private:
  std::string claim(bool slow);
  void release(const std::string& hook_id);
  Attempted attempt(const Due& due);
  void run(bool slow);

  db::Database& database_;
  http::Client& client_;
  const crypto::Sealer& sealer_;
  const Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  const SenderOptions options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::set<std::string> busy_;  ///< webhooks that something is being sent to
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace imp::hooks
