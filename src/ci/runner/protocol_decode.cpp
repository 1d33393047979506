#include <array>
#include <limits>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/encoding.h"
#include "base/uuid.h"
#include "ci/runner/decoding.h"
#include "ci/runner/protocol.h"

namespace imp::ci::runner {

namespace json = boost::json;

namespace {

constexpr std::int64_t any_int64 = std::numeric_limits<std::int64_t>::max();
/// The end of the year 9999: what lies beyond cannot be written as a date.
constexpr std::int64_t last_time = 253'402'300'799'999;

std::uint32_t step_number(Members& members) {
  return static_cast<std::uint32_t>(members.integer("step", 0, most_steps));
}

StepOutput read_output(Members& members) {
  StepOutput out{step_number(members), {}};
  std::optional<Bytes> bytes = from_base64(members.text("bytes", 2u << 20));
  if (!bytes) {
    members.fail("bytes", "is not base64");
    return out;
  }
  out.bytes = std::string(text_of(*bytes));
  return out;
}

StepFinished read_step_finished(Members& members) {
  StepFinished out;
  out.step = step_number(members);
  out.outcome = word(members, "outcome",
                     std::array{StepOutcome::success, StepOutcome::failed, StepOutcome::timedout,
                                StepOutcome::canceled});
  if (auto code = members.integer_or_null("exit_code", 0, 255)) {
    out.exit_code = static_cast<std::int32_t>(*code);
  }
  return out;
}

JobFinished read_job_finished(Members& members) {
  JobFinished out;
  out.outcome = word(members, "outcome",
                     std::array{JobOutcome::success, JobOutcome::failed, JobOutcome::timedout,
                                JobOutcome::infrastructure_fail, JobOutcome::canceled});
  out.halted = members.boolean("halted");
  out.message = members.text("message", 64 * 1024);
  return out;
}

Event read_event(Members& members, const json::object* object) {
  Event out;
  out.sequence = static_cast<std::uint64_t>(members.integer("sequence", 1, any_int64));
  out.at = members.integer("at", 0, last_time);
  const auto has = [&](std::string_view key) { return object != nullptr && object->contains(key); };
  if (has("step_started")) {
    out.what = nested<StepStarted>(members, "step_started", [](Members& started) {
      return StepStarted{step_number(started), started.text("name", 64 * 1024)};
    });
  } else if (has("step_output")) {
    out.what = nested<StepOutput>(members, "step_output", read_output);
  } else if (has("step_finished")) {
    out.what = nested<StepFinished>(members, "step_finished", read_step_finished);
  } else {
    out.what = nested<JobFinished>(members, "job_finished", read_job_finished);
  }
  return out;
}

std::vector<Event> read_events(Members& members) {
  std::vector<Event> out;
  const json::array& events = members.array("events", 100000);
  if (events.empty()) members.fail("events", "must not be empty");
  for (std::size_t i = 0; i < events.size() && !members.failed(); ++i) {
    Members entry(events[i], fmt::format("events[{}]", i));
    Result<Event> event = entry.finish(read_event(entry, events[i].if_object()));
    if (!event) {
      members.adopt(event.error());
    } else if (!out.empty() && event->sequence != out.back().sequence + 1) {
      members.fail("events", "must have consecutive sequence numbers");
    } else {
      out.push_back(std::move(*event));
    }
  }
  return out;
}

std::string read_claim_id(Members& members) {
  std::string out = members.text("claim_id", 64);
  if (!is_uuid(out)) members.fail("claim_id", "must be a UUID");
  return out;
}

ClaimRequest read(Members& members, const ClaimRequest*) {
  ClaimRequest out;
  out.claim_id = read_claim_id(members);
  out.runner_name = members.text("runner_name", 256);
  out.labels = strings(members, "labels");
  out.wait_seconds = static_cast<std::uint32_t>(members.integer("wait_seconds", 0, 60));
  return out;
}

GiveBackRequest read(Members& members, const GiveBackRequest*) { return {read_claim_id(members)}; }

JobTicket read(Members& members, const JobTicket*) { return read_ticket(members); }

HeartbeatRequest read(Members& members, const HeartbeatRequest*) { return {lease(members)}; }

HeartbeatReply read(Members& members, const HeartbeatReply*) { return {members.boolean("cancel")}; }

EventBatch read(Members& members, const EventBatch*) {
  EventBatch out;
  out.lease = lease(members);
  out.events = read_events(members);
  return out;
}

EventReply read(Members& members, const EventReply*) {
  EventReply out;
  out.accepted = static_cast<std::uint64_t>(members.integer("accepted", 0, any_int64));
  out.cancel = members.boolean("cancel");
  return out;
}

TokenRequest read(Members& members, const TokenRequest*) {
  TokenRequest out;
  out.lease = lease(members);
  out.claims = members.text("claims", 64 * 1024);
  out.root_issuer = members.boolean("root_issuer");
  return out;
}

TokenReply read(Members& members, const TokenReply*) {
  TokenReply out{members.text("token", 64 * 1024)};
  if (out.token.empty()) members.fail("token", "must not be empty");
  return out;
}

ReleaseRequest read(Members& members, const ReleaseRequest*) {
  constexpr std::size_t longest = 4096;
  ReleaseRequest out;
  out.lease = lease(members);
  out.action = word(members, "action",
                    std::array{ReleaseAction::plan, ReleaseAction::update, ReleaseAction::log});
  out.deploy_name = members.text("deploy_name", longest);
  out.target_version = members.text("target_version", longest);
  out.environment_name = members.text("environment_name", longest);
  out.component_name = members.text("component_name", longest);
  out.name_space = members.text("namespace", longest);
  out.release_strategy = members.text("release_strategy", longest);
  out.rollback = members.boolean("rollback");
  out.status = members.text("status", longest);
  out.failure_reason = members.text("failure_reason", 64 * 1024);
  out.keep_target_version_live = members.boolean("keep_target_version_live");
  return out;
}

ReleaseReply read(Members& members, const ReleaseReply*) {
  return {members.text("message", 64 * 1024)};
}

}  // namespace

std::string lease(Members& members) {
  std::string value = members.text("lease", 256);
  if (value.empty()) members.fail("lease", "must not be empty");
  return value;
}

std::vector<std::string> strings(Members& members, std::string_view key) {
  std::vector<std::string> out;
  for (const json::value& value : members.array(key, most_values)) {
    const json::string* text = value.if_string();
    if (text == nullptr) {
      members.fail(key, "must be a list of texts");
      return {};
    }
    out.emplace_back(text->data(), text->size());
  }
  return out;
}

template <class Message>
Result<Message> decode(std::string_view text) {
  const Result<json::value> value = parse_json(text);
  if (!value) return pass_on(value);
  Members members(*value, "");
  Message message = read(members, static_cast<const Message*>(nullptr));
  return members.finish(std::move(message));
}

template Result<ClaimRequest> decode<ClaimRequest>(std::string_view);
template Result<GiveBackRequest> decode<GiveBackRequest>(std::string_view);
template Result<JobTicket> decode<JobTicket>(std::string_view);
template Result<HeartbeatRequest> decode<HeartbeatRequest>(std::string_view);
template Result<HeartbeatReply> decode<HeartbeatReply>(std::string_view);
template Result<EventBatch> decode<EventBatch>(std::string_view);
template Result<EventReply> decode<EventReply>(std::string_view);
template Result<TokenRequest> decode<TokenRequest>(std::string_view);
template Result<TokenReply> decode<TokenReply>(std::string_view);
template Result<ReleaseRequest> decode<ReleaseRequest>(std::string_view);
template Result<ReleaseReply> decode<ReleaseReply>(std::string_view);

}  // namespace imp::ci::runner
