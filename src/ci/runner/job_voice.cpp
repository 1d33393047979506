#include "ci/runner/job_run.h"

namespace imp::ci::runner {

namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

}  // namespace

/// Speaks for the job: adds the lease that the job never sees, and hears every minted token before
/// the job does, so that not even its first byte can be printed unmasked.
JobAnswer JobRun::answer(JobRequest request) {
  return std::visit(Overloaded{[&](TokenRequest& token) -> JobAnswer {
                                 token.lease = ticket_->lease;
                                 const auto reply = server_->identity_token(ticket_->job_id, token);
                                 if (!reply) return {false, reply.error().message};
                                 secrets_.add(reply->token);
                                 return {true, reply->token};
                               },
                               [&](ReleaseRequest& release) -> JobAnswer {
                                 release.lease = ticket_->lease;
                                 const auto reply = server_->release(ticket_->job_id, release);
                                 if (!reply) return {false, reply.error().message};
                                 return {true, reply->message};
                               },
                               [&](HaltRequest&) -> JobAnswer {
                                 halted_ = true;
                                 return {true, ""};
                               }},
                    request);
}

}  // namespace imp::ci::runner
