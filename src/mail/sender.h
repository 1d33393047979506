#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "db/database.h"
#include "mail/outbox.h"
#include "mail/smtp.h"

namespace imp::mail {

struct SenderOptions {
  std::string from;          ///< address
  Milliseconds pause{1000};  ///< between looks at the outbox when nothing is due
};

/// Hands what the outbox holds to the mail server, one message after the other. When the server
/// itself fails, it is left alone for 5 seconds, then for twice as long each time, up to a minute:
/// whatever waits does not wait any longer than that once it is back. What was under way when the
/// process ended is sent again, under the same Message-ID.
class Sender {
 public:
  Sender(db::Database& database, Transport& transport, const Clock& clock, Log& log,
         Metrics& metrics, SenderOptions options);
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  /// Starts the thread.
  void start();
  /// Gives up what is under way, which is sent again after the next start, and ends the thread.
  void stop();

  /// Sends one message that is due; false when there is none, or the server is left alone. What
  /// the thread does; for tests.
  bool send_one();

 private:
  void run();
  void leave_alone();
  bool record();

  db::Database& database_;
  Transport& transport_;
  const Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  const SenderOptions options_;
  Time not_before_ = {};  ///< the server failed: it is left alone until then
  Milliseconds left_alone_{0};
  /// What came of an attempt, until the database has it: nothing else is sent before.
  struct Unrecorded {
    Letter letter;
    Sent sent;
  };
  std::optional<Unrecorded> unrecorded_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

/// Forgets what the log need not keep, and counts what waits and what was given up. Call now and
/// then.
Result<void> tidy(db::Database& database, const Clock& clock, Metrics& metrics);

}  // namespace imp::mail
