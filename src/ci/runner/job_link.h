#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "base/log.h"
#include "ci/runner/event_spool.h"
#include "ci/runner/server_link.h"

namespace imp::ci::runner {

/// Why a running job has to stop. The first reason stays.
enum class StopReason : std::uint8_t { none, canceled, lease_lost, runner_stopped };

class StopSignal {
 public:
  void request(StopReason reason) {
    StopReason none = StopReason::none;
    reason_.compare_exchange_strong(none, reason);
  }
  StopReason reason() const { return reason_.load(); }
  bool requested() const { return reason() != StopReason::none; }

 private:
  std::atomic<StopReason> reason_{StopReason::none};
};

/// Waits between tries, doubling from `first` to `most`.
struct BackOff {
  Milliseconds first{200};
  Milliseconds most{10000};

  Milliseconds delay(unsigned failures) const;
};

struct LinkTimes {
  BackOff back_off{};
  /// How long a silent job's runner may take to hear that the job is canceled; less when a third of
  /// the lease is less.
  Milliseconds heartbeat{5000};
};

/// Keeps a job's line to the server open: sends its events in order until all are accepted, renews
/// its lease, and raises the stop signal on the server's word. Survives outages: what could not be
/// sent is sent again.
class JobLink {
 public:
  JobLink(const ServerLink& server, const JobTicket& ticket, EventSpool& spool, StopSignal& stop,
          LinkTimes times, Log& log);
  /// Stops sending, whatever is left.
  ~JobLink();

  /// After the job's last event: ends the heartbeats (sending renews the lease as well) and waits
  /// until the server has every event; false when the lease is lost, the server refuses, or
  /// `give_up` asks to end and `patience` after it is over.
  bool deliver(const std::stop_token& give_up, Milliseconds patience);

 private:
  void send_events(std::stop_token ended);
  void renew_lease(std::stop_token ended);
  void obey(bool cancel);
  /// True when trying again makes sense.
  bool survives(const Failure& failure, std::string_view doing);
  void pause(std::stop_token ended, Milliseconds delay);

  const ServerLink* server_;
  std::string job_id_;
  std::string lease_;
  Milliseconds renew_every_;
  EventSpool* spool_;
  StopSignal* stop_;
  BackOff back_off_;
  Log* log_;
  std::atomic<bool> lost_{false};
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread sender_;
  std::jthread heartbeat_;
};

}  // namespace imp::ci::runner
