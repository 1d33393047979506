#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
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
/// again. What came of a delivery and cannot be written, because the disk is full, is held in
/// memory: nothing more goes to that receiver until it is written, which is tried after 5 seconds
/// and then once a minute.
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

  /// Writes what came of an earlier delivery, if that is due, or sends one delivery that is due to
  /// a receiver of this kind that nothing is being sent to; false when there is nothing to do, or
  /// when what came of it could not be written. What the threads do; for tests.
  bool send_one(bool slow);

 private:
  /// What came of an attempt.
  struct Outcome {
    Delivery delivery;
    Attempted attempted;
    Time at;
    std::size_t failures = 0;  ///< to write it
    Milliseconds wait{0};      ///< before it is tried again …
    Time next{};               ///< … which is then
  };
  std::string claim(bool slow);
  /// An outcome that is to be written now; its webhook is busy until release().
  std::optional<Outcome> claim_unwritten();
  /// Whether it could be written; else it is held.
  bool write_down(Outcome outcome);
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
  std::set<std::string> busy_;                ///< webhooks that something is being sent to
  std::map<std::string, Outcome> unwritten_;  ///< by webhook
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace imp::hooks
