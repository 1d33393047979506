#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ci/pipelines/changes.h"
#include "ci/pipelines/job_facts.h"
#include "ci/pipelines/runner_tokens.h"
#include "ci/pipelines/services.h"
#include "ci/runner/protocol.h"

namespace imp::ci {

/// Gives queued jobs to runners. Contexts are authorised here and nowhere earlier: what counts is
/// who may use them when the job runs. A job that may not run ends here, with its reason.
///
/// A claim takes two transactions. The first gives the job to the claim and starts its lease; the
/// second mints the identity tokens and stores the ticket, sealed. The second repeats when the
/// claim is repeated, and the lease ends the job when it is not. A job that was cancelled in the
/// meantime ends instead of being handed over.
class JobDispatch {
 public:
  explicit JobDispatch(const PipelineServices& services) : services_(services) {}

  /// The oldest queued job that the runner serves, or the job that this claim was given before.
  /// Nothing when no job is queued; the caller then waits for queue_topic.
  Result<std::optional<runner::JobTicket>> claim(const RunnerIdentity& runner,
                                                 const runner::ClaimRequest& request);

  /// The runner stops before it began the job of this claim: the job waits for a runner again, as
  /// if it had never been given away. Does nothing to a job that has begun. The claim gets no job
  /// from now on, even when it is still being answered.
  Result<void> give_back(const RunnerIdentity& runner, const runner::GiveBackRequest& request);

 private:
  struct Prepared {
    TicketFacts facts;
    std::string ticket_template;
    JobSecrets secrets;
    std::vector<std::string> context_ids;
    bool withheld = false;
  };
  struct Taken {
    std::optional<std::string> sealed_ticket;  ///< of job_id: this claim's answer of before
    std::optional<Prepared> prepared;
    std::string job_id;
    bool ended_one = false;  ///< a job could not be given away: look for the next
  };

  Taken take(db::Session& session, const RunnerIdentity& runner,
             const runner::ClaimRequest& request, Changes& changes);
  /// Ends the job and returns nothing when it may not run.
  std::optional<Prepared> prepare(db::Session& session, const JobRow& row, Changes& changes) const;
  bool release_contexts(db::Session& session, Prepared& prepared, Changes& changes) const;
  /// The ticket; nothing when the job had to be ended, or is no longer this claim's.
  Result<std::optional<runner::JobTicket>> hand_over(const RunnerIdentity& runner,
                                                     const runner::ClaimRequest& request,
                                                     Prepared prepared);
  /// Mints the tokens and stores the ticket with them, which it returns sealed; nothing when the
  /// job had to be ended.
  Result<std::optional<std::string>> store_ticket(db::Session& session, const JobRow& row,
                                                  Prepared& prepared, runner::JobTicket& ticket,
                                                  Changes& changes);
  void give_up(db::Session& session, const Job& job, const Failure& failure,
               Changes& changes) const;
  Result<std::optional<runner::JobTicket>> open(std::string_view job_id,
                                                std::string_view sealed) const;
  std::int64_t lease_end() const {
    return to_milliseconds(services_.clock.now() + services_.lease);
  }

  bool is_given_back(const std::string& claim_id);

  const PipelineServices& services_;
  std::mutex mutex_;
  std::deque<std::string> given_back_;  ///< the last of them; guarded by mutex_
};

}  // namespace imp::ci
