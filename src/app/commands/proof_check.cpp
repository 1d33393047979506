#include "app/commands/proof_check.h"

#include <boost/json.hpp>

#include "audit/entry_text.h"
#include "base/clock.h"
#include "cli/refusal.h"
#include "jose/strict_json.h"
#include "tlog/proof_file.h"
#include "tlog/refusal.h"

namespace imp::app {

namespace {

std::unexpected<Failure> unusable(std::string message) {
  return refuse(cli::CliRefusal::unusable_input, std::move(message));
}

boost::json::value json_of(const std::string& text) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(text, error);
  return error ? boost::json::value(text) : value;
}

/// Milliseconds as RFC 3339; what is no number is shown as it is.
std::string time_of(const std::string& milliseconds) {
  const boost::json::value value = json_of(milliseconds);
  return value.is_int64() ? iso8601(from_milliseconds(value.as_int64())) : milliseconds;
}

std::string told(const tlog::TrustedCheckpoint& trusted) {
  return fmt::format("in {} at {} records, signed by {}\n", trusted.checkpoint.origin,
                     trusted.checkpoint.size, trusted.signers.front().text());
}

std::string record_line(const audit::EntryParts& parts) {
  const audit::StoredRecord& record = parts.record;
  boost::json::object line{{"sequence", json_of(record.sequence)},
                           {"at", time_of(record.at)},
                           {"actor", record.actor},
                           {"action", record.action},
                           {"subject", record.subject},
                           {"outcome", record.outcome}};
  if (record.organization) {
    line["organization"] = *record.organization;
  } else {
    line["organization"] = nullptr;
  }
  line["request_id"] = record.request_id;
  line["remote_address"] = record.remote_address;
  line["detail"] = json_of(record.detail);
  return boost::json::serialize(line) + "\n";
}

struct ConsistencyAnswer {
  std::string checkpoint;
  tlog::Hashes hashes;
};

Result<ConsistencyAnswer> parse_answer(std::string_view text) {
  const auto refused = [] {
    return unusable(
        "This is no answer of /-/audit/consistency with a checkpoint: leave out \"to\" "
        "when asking, and the last checkpoint comes with the answer.");
  };
  const auto object = jose::parse_strict_object(text, {.depth = 4, .values = 200});
  if (!object) return refused();
  const auto* checkpoint = object->if_contains("checkpoint");
  const auto* hashes = object->if_contains("hashes");
  if (!checkpoint || !checkpoint->is_string() || !hashes || !hashes->is_array()) return refused();
  ConsistencyAnswer answer{.checkpoint = std::string(checkpoint->as_string()), .hashes = {}};
  for (const boost::json::value& one : hashes->as_array()) {
    const auto hash = one.is_string() ? tlog::parse_hash(one.as_string()) : std::nullopt;
    if (!hash) return refused();
    answer.hashes.push_back(*hash);
  }
  return answer;
}

}  // namespace

Result<std::string> check_inclusion_file(std::string_view text,
                                         const std::vector<tlog::VerifierKey>& keys) {
  const auto proof = tlog::parse_proof(text);
  if (!proof) return pass_on(proof);
  if (!proof->extra) {
    return unusable(
        "The proof holds no record: ask for it with `audit prove` or at "
        "/-/audit/proof/{sequence}.");
  }
  const auto trusted = tlog::check_proof(*proof, *proof->extra, keys);
  if (!trusted) return pass_on(trusted);
  const auto parts = audit::parse_entry(*proof->extra);
  // What is too long for an entry is there by its hash alone.
  if (!parts && audit::is_entry_of_hash(*proof->extra)) return *proof->extra + told(*trusted);
  if (!parts) {
    return refuse(tlog::LogRefusal::false_proof,
                  fmt::format("What the log holds at place {} is no record.", proof->index + 1));
  }
  if (parts->record.sequence != std::to_string(proof->index + 1)) {
    return refuse(tlog::LogRefusal::false_proof,
                  fmt::format("The log holds at place {} a record that says it is number {}.",
                              proof->index + 1, parts->record.sequence));
  }
  return record_line(*parts) + told(*trusted);
}

Result<std::string> check_consistency_file(std::string_view text, std::string_view since,
                                           const std::vector<tlog::VerifierKey>& keys) {
  const auto older = tlog::open_checkpoint(since, keys);
  if (!older) return pass_on(older);
  const auto answer = parse_answer(text);
  if (!answer) return pass_on(answer);
  const auto newer = tlog::open_checkpoint(answer->checkpoint, keys);
  if (!newer) return pass_on(newer);
  const tlog::Checkpoint &from = older->checkpoint, &to = newer->checkpoint;
  if (from.origin != to.origin) {
    return unusable(
        fmt::format("The checkpoints are of two logs, {} and {}.", from.origin, to.origin));
  }
  if (!tlog::verify_consistency(from.size, to.size, from.root, to.root, answer->hashes)) {
    return refuse(tlog::LogRefusal::false_proof,
                  fmt::format("The log of {} records does not begin with the {} of the older "
                              "checkpoint, or the proof is of other sizes: the log was rewritten "
                              "or cut, or proof and checkpoints do not belong together.",
                              to.size, from.size));
  }
  return fmt::format("the {} records of the older checkpoint are the first ", from.size) +
         told(*newer);
}

}  // namespace imp::app
