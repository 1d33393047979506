#include "ci/runner/agent.h"

#include <condition_variable>
#include <mutex>

#include "base/uuid.h"

namespace imp::ci::runner {

namespace {

void pause(const std::stop_token& stop, Milliseconds delay) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, delay, [] { return false; });
}

void run_job(const AgentOptions& options, const JobSettings& settings, const JobTicket& ticket,
             const ServerLink& server, NodeToolchains& toolchains, const Clock& clock, Log& log,
             const std::stop_token& stop) {
  log.info("runner_job_started", {{"job", ticket.job_id}, {"name", ticket.job_name}});
  EventSpool spool(clock);
  StopSignal signal;
  const std::stop_callback stopped(stop, [&] { signal.request(StopReason::runner_stopped); });
  JobLink link(server, ticket, spool, signal, options.times, log);
  JobRun job(settings, ticket, server, toolchains, spool, signal);
  const JobFinished end = job.run();
  spool.add(end);
  const bool delivered = link.deliver(stop, options.farewell);
  log.info("runner_job_ended", {{"job", ticket.job_id},
                                {"outcome", std::string(name(end.outcome))},
                                {"delivered", std::string(delivered ? "yes" : "no")}});
}

}  // namespace

Result<void> serve_slot(const AgentOptions& options, const JobSettings& settings,
                        const ServerLink& server, NodeToolchains& toolchains, const Clock& clock,
                        Log& log, const std::stop_token& stop) {
  ClaimRequest claim{new_uuid(), settings.runner_name, options.labels, options.poll_seconds};
  unsigned failures = 0;
  while (!stop.stop_requested()) {
    const auto ticket = server.claim(claim, stop);
    if (stop.stop_requested()) {
      // Whether the server gave this claim a job or not: nobody here will begin it.
      if (const auto given = server.give_back({claim.claim_id}); !given) {
        log.warning("runner_claim_not_given_back", {{"why", given.error().message}});
      }
      break;
    }
    if (ticket) {
      failures = 0;
      // The next claim is another one: this answer has arrived.
      claim.claim_id = new_uuid();
      if (*ticket) run_job(options, settings, **ticket, server, toolchains, clock, log, stop);
      continue;
    }
    if (is_token_refused(ticket.error())) return pass_on(ticket);
    log.warning("runner_claim_failed",
                {{"code", std::string(ticket.error().code())}, {"why", ticket.error().message}});
    pause(stop, options.times.back_off.delay(++failures));
  }
  return {};
}

}  // namespace imp::ci::runner
