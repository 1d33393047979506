#include <array>
#include <limits>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/encoding.h"
#include "base/uuid.h"
#include "ci/runner/json_members.h"
#include "ci/runner/names.h"
#include "ci/runner/protocol.h"

namespace imp::ci::runner {

namespace json = boost::json;

namespace {

constexpr std::size_t most_steps = 10000;
constexpr std::size_t most_values = 10000;
constexpr std::size_t longest_lease = 256;
constexpr std::int64_t any_int64 = std::numeric_limits<std::int64_t>::max();

template <class Enum, std::size_t Count>
Enum word(Members& members, std::string_view key, const std::array<Enum, Count>& values) {
  const std::string text = members.text(key, 64);
  for (Enum value : values) {
    if (name(value) == text) return value;
  }
  members.fail(key, "is a word that this version does not know");
  return values.front();
}

std::string lease(Members& members) {
  std::string value = members.text("lease", longest_lease);
  if (value.empty()) members.fail("lease", "must not be empty");
  return value;
}

std::string variable_name(Members& members) {
  std::string value = members.text("name", 4096);
  if (!is_variable_name(value)) members.fail("name", "is not the name of a variable");
  return value;
}

std::string reference(Members& members, std::string_view key) {
  std::string value = members.text(key, 1024);
  if (!value.empty() && !is_git_reference(value)) members.fail(key, "is not the name of a git ref");
  return value;
}

template <class T, class Read>
std::vector<T> list(Members& members, std::string_view key, std::size_t longest, Read read) {
  std::vector<T> out;
  const json::array& values = members.array(key, longest);
  for (std::size_t i = 0; i < values.size() && !members.failed(); ++i) {
    Members entry(values[i], fmt::format("{}[{}]", members.path(key), i));
    Result<T> value = entry.finish(read(entry));
    if (!value) {
      members.adopt(value.error());
    } else {
      out.push_back(std::move(*value));
    }
  }
  return out;
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

template <class T, class Read>
T nested(Members& members, std::string_view key, Read read) {
  Members inner(members.member(key), members.path(key));
  Result<T> value = inner.finish(read(inner));
  if (value) return std::move(*value);
  members.adopt(value.error());
  return {};
}

Checkout read_checkout(Members& members) {
  Checkout out;
  out.path = members.text("path", 4096);
  out.fetch_url = members.text("fetch_url", 4096);
  out.authorization = members.text("authorization", 8192);
  // A line break would add a header of the sender's choice to the runner's request.
  if (out.authorization.find_first_of("\r\n") != std::string::npos) {
    members.fail("authorization", "must be one line");
  }
  out.repository_url = members.text("repository_url", 4096);
  out.revision = members.text("revision", 64);
  if (!is_git_object_name(out.revision)) members.fail("revision", "is not a git object name");
  out.branch = reference(members, "branch");
  out.tag = reference(members, "tag");
  out.ref = reference(members, "ref");
  return out;
}

Run read_run(Members& members) {
  Run out;
  out.command = members.text("command");
  out.shell = members.text("shell", 4096);
  out.working_directory = members.text("working_directory", 4096);
  out.environment =
      list<NamedValue>(members, "environment", most_values, [](Members& variable) {
        return NamedValue{variable_name(variable), variable.text("value")};
      });
  out.background = members.boolean("background");
  out.no_output_seconds =
      static_cast<std::uint32_t>(members.integer("no_output_seconds", 1, 7 * 86400));
  return out;
}

Step read_step(Members& members, bool is_checkout) {
  Step out;
  out.name = members.text("name", 64 * 1024);
  out.when =
      word(members, "when", std::array{When::on_success, When::always, When::on_fail});
  if (is_checkout) {
    out.action = nested<Checkout>(members, "checkout", read_checkout);
  } else {
    out.action = nested<Run>(members, "run", read_run);
  }
  return out;
}

std::vector<Step> read_steps(Members& members) {
  std::vector<Step> out;
  const json::array& steps = members.array("steps", most_steps);
  for (std::size_t i = 0; i < steps.size() && !members.failed(); ++i) {
    const json::object* object = steps[i].if_object();
    const bool is_checkout = object != nullptr && object->contains("checkout");
    Members entry(steps[i], fmt::format("steps[{}]", i));
    Result<Step> step = entry.finish(read_step(entry, is_checkout));
    if (!step) {
      members.adopt(step.error());
    } else {
      out.push_back(std::move(*step));
    }
  }
  return out;
}

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
  out.outcome =
      word(members, "outcome",
           std::array{JobOutcome::success, JobOutcome::failed, JobOutcome::timedout,
                      JobOutcome::infrastructure_fail, JobOutcome::canceled});
  out.halted = members.boolean("halted");
  out.message = members.text("message", 64 * 1024);
  return out;
}

Event read_event(Members& members, const json::object* object) {
  Event out;
  out.sequence = static_cast<std::uint64_t>(members.integer("sequence", 1, any_int64));
  out.at = members.integer("at", 0, any_int64);
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

ClaimRequest read(Members& members, const ClaimRequest*) {
  ClaimRequest out;
  out.claim_id = members.text("claim_id", 64);
  if (!is_uuid(out.claim_id)) members.fail("claim_id", "must be a UUID");
  out.runner_name = members.text("runner_name", 256);
  out.labels = strings(members, "labels");
  out.wait_seconds = static_cast<std::uint32_t>(members.integer("wait_seconds", 0, 60));
  return out;
}

JobTicket read(Members& members, const JobTicket*) {
  JobTicket out;
  out.job_id = members.text("job_id", 64);
  // The identifier becomes a directory name at the runner.
  if (!is_uuid(out.job_id)) members.fail("job_id", "must be a UUID");
  out.lease = lease(members);
  out.lease_seconds = static_cast<std::uint32_t>(members.integer("lease_seconds", 1, 86400));
  out.job_name = members.text("job_name", 4096);
  out.image = members.text("image", 4096);
  out.shell = members.text("shell", 4096);
  out.working_directory = members.text("working_directory", 4096);
  out.time_limit_seconds =
      static_cast<std::uint32_t>(members.integer("time_limit_seconds", 1, 7 * 86400));
  out.environment = list<Variable>(members, "environment", most_values, [](Members& variable) {
    const auto source = word(variable, "source",
                             std::array{VariableSource::project, VariableSource::context,
                                        VariableSource::builtin, VariableSource::job});
    return Variable{source, variable_name(variable), variable.text("value")};
  });
  for (std::size_t i = 1; i < out.environment.size(); ++i) {
    if (out.environment[i].source < out.environment[i - 1].source) {
      members.fail("environment", "must be ordered by source, lowest precedence first");
    }
  }
  out.secrets = strings(members, "secrets");
  out.steps = read_steps(members);
  return out;
}

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

template <class Message>
Result<Message> decode(std::string_view text) {
  const Result<json::value> value = parse_json(text);
  if (!value) return pass_on(value);
  Members members(*value, "");
  Message message = read(members, static_cast<const Message*>(nullptr));
  return members.finish(std::move(message));
}

template Result<ClaimRequest> decode<ClaimRequest>(std::string_view);
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
