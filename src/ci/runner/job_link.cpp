#include "ci/runner/job_link.h"

#include <algorithm>

namespace imp::ci::runner {

Milliseconds BackOff::delay(unsigned failures) const {
  if (failures == 0) return Milliseconds(0);
  return std::min(most, first * (1u << std::min(failures - 1, 16u)));
}

JobLink::JobLink(const ServerLink& server, const JobTicket& ticket, EventSpool& spool,
                 StopSignal& stop, LinkTimes times, Log& log)
    : server_(&server),
      job_id_(ticket.job_id),
      lease_(ticket.lease),
      renew_every_(std::clamp(Milliseconds(ticket.lease_seconds * 1000 / 3), Milliseconds(200),
                              std::max(times.heartbeat, Milliseconds(200)))),
      spool_(&spool),
      stop_(&stop),
      back_off_(times.back_off),
      log_(&log),
      sender_([this](std::stop_token ended) { send_events(ended); }),
      heartbeat_([this](std::stop_token ended) { renew_lease(ended); }) {}

JobLink::~JobLink() {
  sender_.request_stop();
  heartbeat_.request_stop();
}

void JobLink::pause(std::stop_token ended, Milliseconds delay) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, ended, delay, [] { return false; });
}

void JobLink::obey(bool cancel) {
  if (cancel) stop_->request(StopReason::canceled);
}

bool JobLink::survives(const Failure& failure, std::string_view doing) {
  if (is_temporary(failure)) {
    log_->warning("runner_server_away", {{"job", job_id_},
                                         {"doing", std::string(doing)},
                                         {"why", failure.message + " " + failure.detail}});
    return true;
  }
  log_->error("runner_job_abandoned", {{"job", job_id_},
                                       {"doing", std::string(doing)},
                                       {"code", std::string(failure.code())},
                                       {"why", failure.message}});
  lost_ = true;
  stop_->request(StopReason::lease_lost);
  return false;
}

void JobLink::send_events(std::stop_token ended) {
  constexpr std::size_t batch_bytes = 512 * 1024;
  unsigned failures = 0;
  while (!ended.stop_requested() && !lost_) {
    EventBatch batch{lease_, spool_->next(Milliseconds(100), batch_bytes)};
    if (batch.events.empty()) continue;
    const auto reply = server_->send(job_id_, batch);
    if (!reply) {
      if (!survives(reply.error(), "sending output")) return;
      pause(ended, back_off_.delay(++failures));
      continue;
    }
    failures = 0;
    obey(reply->cancel);
    const std::uint64_t before_first = batch.events.front().sequence - 1;
    if (!spool_->accept(reply->accepted)) {
      // The server lost what it had confirmed; the job's output can no longer be complete.
      log_->error("runner_job_abandoned",
                  {{"job", job_id_}, {"why", std::string("the server's event count went back")}});
      lost_ = true;
      stop_->request(StopReason::lease_lost);
      return;
    }
    // No progress on a healthy answer: do not spin.
    if (reply->accepted == before_first) pause(ended, back_off_.delay(++failures));
  }
}

void JobLink::renew_lease(std::stop_token ended) {
  unsigned failures = 0;
  while (!ended.stop_requested() && !lost_) {
    pause(ended, failures == 0 ? renew_every_ : std::min(renew_every_, back_off_.delay(failures)));
    if (ended.stop_requested() || lost_) return;
    const auto reply = server_->heartbeat(job_id_, {lease_});
    if (!reply) {
      // Once the job's end is on its way, a heartbeat may come too late: only the sender counts
      // then.
      if (ended.stop_requested()) return;
      if (!survives(reply.error(), "renewing the lease")) return;
      ++failures;
      continue;
    }
    failures = 0;
    obey(reply->cancel);
  }
}

bool JobLink::deliver(const std::stop_token& give_up, Milliseconds patience) {
  heartbeat_.request_stop();
  std::optional<std::chrono::steady_clock::time_point> until;
  while (!spool_->wait_until_empty(Milliseconds(20))) {
    if (lost_) return false;
    if (!give_up.stop_requested()) continue;
    const auto now = std::chrono::steady_clock::now();
    if (!until) until = now + patience;
    if (now >= *until) return false;
  }
  return true;
}

}  // namespace imp::ci::runner
