#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/failure.h"

namespace imp::ci::runner {

// The protocol between a runner and the server: JSON over HTTP(S), always asked by the runner,
// always with `Authorization: Bearer <runner token>`. Both sides encode and decode with the
// functions below. Decoding is strict: a missing member, a wrong type, an unknown member or an
// unknown word is a failure `malformed_message`, so that two versions that do not understand each
// other say so.
//
//   POST /runner/v1/claim                        ClaimRequest        200 JobTicket | 204 no job now
//   POST /runner/v1/give-back                    GiveBackRequest     204
//   POST /runner/v1/jobs/{job}/heartbeat         HeartbeatRequest    200 HeartbeatReply
//   POST /runner/v1/jobs/{job}/events            EventBatch          200 EventReply
//   POST /runner/v1/jobs/{job}/identity-token    TokenRequest        200 TokenReply
//   POST /runner/v1/jobs/{job}/release           ReleaseRequest      200 ReleaseReply
//
// Bodies: events up to 1 MiB (the route's limit should be 2 MiB), the others up to 128 KiB.
//
// Claim is a long poll: the server answers at once when a job is queued whose labels the runner
// has, and 204 after `wait_seconds` otherwise. A repeated `claim_id` gets the ticket it got before,
// as long as that job has not ended: the answer may have been lost on the way. A runner that stops
// instead of asking again gives back what the claim may have been given.
//
// Lease: the ticket names it; every later request carries it. The server counts `lease_seconds`
// from the last request that carried it, and gives the job up after that. A request with a lease
// that is not the job's current one, or for a job that has ended, is 409 with code `lease_lost`:
// the runner kills the job and forgets it. 401 means that the runner's token is not accepted: the
// runner ends.
//
// Events are the job's one ordered stream (steps, output, end), numbered from 1 without gaps. The
// server applies them in order, each once: it skips those it has seen (sequence <= accepted) and
// answers with the last number applied. When a batch starts beyond accepted + 1 it applies nothing
// and answers 200 with `accepted` as it stands; the runner sends again from there. The job has
// ended when JobFinished is applied; sending that batch again is answered 200, not 409.
//
// Refusals (any status from 400 on) carry {"error": …, "message": …, "code": …} as http::failure()
// writes them. For identity-token and release, `message` is shown to the job as it is. A status of
// 500 or above, 429, or no answer at all means: try again (release and identity-token: the job sees
// a failure instead, because a second try could take effect twice).

inline constexpr std::string_view claim_path = "/runner/v1/claim";
inline constexpr std::string_view give_back_path = "/runner/v1/give-back";
/// "/runner/v1/jobs/<job id>/<action>"; action is "heartbeat", "events", "identity-token",
/// "release".
std::string job_path(std::string_view job_id, std::string_view action);

/// The code of the 409 that ends a runner's hold on a job.
inline constexpr std::string_view lease_lost_code = "lease_lost";

struct ClaimRequest {
  std::string claim_id;             ///< a UUID, the same when the same claim is asked again
  std::string runner_name;          ///< shown in the log of the job and on its page
  std::vector<std::string> labels;  ///< resource classes this runner serves; empty: any
  std::uint32_t wait_seconds = 0;   ///< 0 to 60
};

/// The job of this claim was not begun and will not be: another runner may have it. Without effect
/// when the claim was given no job, or when an event of the job was accepted.
struct GiveBackRequest {
  std::string claim_id;
};

/// Where a variable comes from, lowest precedence first. `environment` of a ticket is ordered by
/// it; within one source the later entry wins. A run step's own `environment` is above all of them.
enum class VariableSource : std::uint8_t { project, context, builtin, job };

struct Variable {
  VariableSource source = VariableSource::builtin;
  std::string name;  ///< [A-Za-z_][A-Za-z0-9_]*
  std::string value;
};

struct NamedValue {
  std::string name;
  std::string value;
};

enum class When : std::uint8_t { on_success, always, on_fail };

/// `checkout`: fetched by the runner outside the sandbox, checked out inside it.
struct Checkout {
  std::string path;       ///< empty: the working directory; relative paths start there
  std::string fetch_url;  ///< http(s) URL that the runner fetches from, without user or password
  std::string authorization;   ///< value of the Authorization header for it; empty: none. Never
                               ///< enters the sandbox and is masked.
  std::string repository_url;  ///< what `origin` is set to inside the sandbox; never a credential
  std::string revision;        ///< full object name, 40 or 64 hexadecimal digits
  std::string branch;          ///< the branch to be on; empty with a tag, or when detached
  std::string tag;
  std::string ref;  ///< a ref to fetch as well (a pull request's head); empty: none
};

struct Run {
  std::string command;
  std::string shell;                    ///< empty: the job's
  std::string working_directory;        ///< empty: the job's; a leading ~ is the home directory
  std::vector<NamedValue> environment;  ///< this step's own, above every other source
  bool background = false;
  std::uint32_t no_output_seconds = 600;  ///< killed after this long without output
};

struct Step {
  std::string name;  ///< as shown
  When when = When::on_success;
  std::variant<Checkout, Run> action;
};

/// What a ticket may hold; a longer one does not decode.
inline constexpr std::size_t most_text = 1 << 20;     ///< bytes of a command, of a variable's value
inline constexpr std::size_t most_short_text = 4096;  ///< bytes of a path, a shell, an image
inline constexpr std::size_t most_steps = 10'000;
inline constexpr std::size_t most_values = 10'000;  ///< in a list of variables

/// Everything a runner needs to know about a job. Holds secrets: never logged.
struct JobTicket {
  std::string job_id;  ///< UUID
  std::string lease;   ///< opaque
  std::uint32_t lease_seconds = 60;
  std::string job_name;
  std::string image;                        ///< the primary docker image; empty: none was named
  std::string shell;                        ///< empty: `/bin/bash -eo pipefail`
  std::string working_directory;            ///< empty: ~/project
  std::uint32_t time_limit_seconds = 3600;  ///< for the whole job
  std::vector<Variable> environment;
  std::vector<std::string>
      secrets;              ///< more values to mask: those of project and context variables,
                            ///< identity tokens and checkout credentials are masked anyway
  std::vector<Step> steps;  ///< numbered from 1 in events; 0 is the runner's preparation
};

struct HeartbeatRequest {
  std::string lease;
};
struct HeartbeatReply {
  bool cancel = false;  ///< stop the job now; answer with JobFinished{canceled}
};

struct StepStarted {
  std::uint32_t step = 0;
  std::string name;
};
struct StepOutput {
  std::uint32_t step = 0;
  std::string bytes;  ///< masked; any bytes (base64 on the wire); append to the step's output
};
enum class StepOutcome : std::uint8_t {
  success,
  failed,
  timedout,  ///< no output for too long, or the job's time was over
  canceled,  ///< killed on the server's word, or a background step that the job's end stopped
};
struct StepFinished {
  std::uint32_t step = 0;
  StepOutcome outcome = StepOutcome::success;
  std::optional<std::int32_t> exit_code;  ///< absent when the step was killed; 128 + n for signal n
};
enum class JobOutcome : std::uint8_t { success, failed, timedout, infrastructure_fail, canceled };
struct JobFinished {
  JobOutcome outcome = JobOutcome::success;
  bool halted = false;  ///< ended early, as a success, by `circleci step halt`
  std::string message;  ///< why, when that is not plain from the steps; may be empty
};

struct Event {
  std::uint64_t sequence = 0;  ///< from 1
  std::int64_t at = 0;         ///< runner's clock, milliseconds since 1970
  std::variant<StepStarted, StepOutput, StepFinished, JobFinished> what;
};
struct EventBatch {
  std::string lease;
  std::vector<Event> events;  ///< consecutive sequence numbers; at least one; below 1 MiB encoded
};
struct EventReply {
  std::uint64_t accepted = 0;  ///< the last sequence number that was applied
  bool cancel = false;         ///< as in HeartbeatReply
};

struct TokenRequest {
  std::string lease;
  std::string claims;  ///< JSON text as the job gave it (only `aud` is honoured); empty: defaults
  bool root_issuer = false;
};
struct TokenReply {
  std::string token;  ///< compact JWT
};

enum class ReleaseAction : std::uint8_t { plan, update, log };
/// `circleci run release …`. Empty text means that the flag was not given; defaults are the
/// server's.
struct ReleaseRequest {
  std::string lease;
  ReleaseAction action = ReleaseAction::plan;
  std::string deploy_name;       ///< plan, update
  std::string target_version;    ///< plan, log: required
  std::string environment_name;  ///< plan, log
  std::string component_name;    ///< plan, log
  std::string name_space;        ///< plan, log; "namespace" on the wire
  std::string release_strategy;  ///< plan, log
  bool rollback = false;         ///< plan, log
  std::string status;            ///< update: RUNNING, SUCCESS, FAILED, CANCELED in any case
  std::string failure_reason;    ///< update
  bool keep_target_version_live = false;  ///< update
};
struct ReleaseReply {
  std::string message;  ///< one line for the job's output
};

std::string encode(const ClaimRequest& message);
std::string encode(const GiveBackRequest& message);
std::string encode(const JobTicket& message);
std::string encode(const HeartbeatRequest& message);
std::string encode(const HeartbeatReply& message);
std::string encode(const EventBatch& message);
std::string encode(const EventReply& message);
std::string encode(const TokenRequest& message);
std::string encode(const TokenReply& message);
std::string encode(const ReleaseRequest& message);
std::string encode(const ReleaseReply& message);

/// `auto ticket = decode<JobTicket>(body);`: defined for exactly the types that encode() takes.
/// Failures: `malformed_message`, naming the member that is wrong.
template <class Message>
Result<Message> decode(std::string_view json);

extern template Result<ClaimRequest> decode<ClaimRequest>(std::string_view);
extern template Result<GiveBackRequest> decode<GiveBackRequest>(std::string_view);
extern template Result<JobTicket> decode<JobTicket>(std::string_view);
extern template Result<HeartbeatRequest> decode<HeartbeatRequest>(std::string_view);
extern template Result<HeartbeatReply> decode<HeartbeatReply>(std::string_view);
extern template Result<EventBatch> decode<EventBatch>(std::string_view);
extern template Result<EventReply> decode<EventReply>(std::string_view);
extern template Result<TokenRequest> decode<TokenRequest>(std::string_view);
extern template Result<TokenReply> decode<TokenReply>(std::string_view);
extern template Result<ReleaseRequest> decode<ReleaseRequest>(std::string_view);
extern template Result<ReleaseReply> decode<ReleaseReply>(std::string_view);

/// The words on the wire: "on_success", "timedout", "infrastructure_fail", …
std::string_view name(When value);
std::string_view name(VariableSource value);
std::string_view name(StepOutcome value);
std::string_view name(JobOutcome value);
std::string_view name(ReleaseAction value);

}  // namespace imp::ci::runner
