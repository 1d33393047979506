#include "verify/log_check.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "tlog/checkpoint.h"
#include "verify/refusal.h"

namespace imp::verify {

namespace {

namespace json = boost::json;

constexpr int kTries = 10;

std::unexpected<Failure> wrong(std::string what) {
  return refuse(VerifyRefusal::not_verified, std::move(what));
}

Result<std::vector<tlog::VerifierKey>> keys_of(const Registry& registry, const LogMemory& memory) {
  if (!memory.keys.empty()) return memory.keys;
  const auto document = registry.required("/-/audit/keys");
  if (!document) return pass_on(document);
  std::vector<tlog::VerifierKey> keys;
  if (const auto* list = array_member(*document, "keys")) {
    for (const json::value& one : *list) {
      const auto* object = one.if_object();
      auto key = tlog::VerifierKey::parse(object != nullptr ? text_member(*object, "vkey") : "");
      if (key) keys.push_back(std::move(*key));
    }
  }
  if (keys.empty()) return wrong("the registry names no key of its log");
  return keys;
}

std::optional<tlog::Hashes> hashes_of(const json::object& document) {
  const auto* list = array_member(document, "hashes");
  if (list == nullptr) return std::nullopt;
  tlog::Hashes hashes;
  for (const json::value& one : *list) {
    const auto hash = one.is_string() ? tlog::parse_hash(one.get_string()) : std::nullopt;
    if (!hash) return std::nullopt;
    hashes.push_back(*hash);
  }
  return hashes;
}

Result<json::object> inclusion_answer(const Registry& registry, const RecordPlace& place,
                                      const std::function<void()>& wait) {
  const std::string path = fmt::format("/-/audit/inclusion?sequence={}", place.sequence);
  for (int left = kTries;; --left) {
    auto answer = registry.document(path);
    if (!answer) return pass_on(answer);
    if (*answer) return std::move(**answer);
    if (left == 0) return wrong(fmt::format("the log has no record {}", place.sequence));
    wait();
  }
}

/// The signed checkpoint of the answer, which must be the log's.
Result<tlog::TrustedCheckpoint> opened(const json::object& answer,
                                       const std::vector<tlog::VerifierKey>& keys) {
  return tlog::open_checkpoint(text_member(answer, "checkpoint"), keys);
}

Result<void> check_inclusion(const json::object& answer, const RecordPlace& place,
                             const tlog::Checkpoint& checkpoint) {
  const auto hashes = hashes_of(answer);
  if (!hashes) return wrong("the registry's answer holds no proof");
  if (tlog::parse_hash(text_member(answer, "leaf_hash")) != place.leaf) {
    return wrong(fmt::format("record {} of the log is not the one that the attestation names",
                             place.sequence));
  }
  if (tlog::verify_inclusion(place.leaf, static_cast<std::uint64_t>(place.sequence - 1),
                             checkpoint.size, checkpoint.root, *hashes)) {
    return {};
  }
  return wrong("the proof does not lead from the record to the checkpoint");
}

Result<std::string> check_consistency(const Registry& registry, const tlog::Checkpoint& noted,
                                      const tlog::Checkpoint& now) {
  if (noted.origin != now.origin) {
    return wrong(fmt::format("the noted checkpoint is of another log, {}", noted.origin));
  }
  if (noted.size > now.size) {
    return wrong(
        fmt::format("the log has {} records and had {}: it was cut", now.size, noted.size));
  }
  const auto answer =
      registry.required(fmt::format("/-/audit/consistency?from={}&to={}", noted.size, now.size));
  if (!answer) return pass_on(answer);
  const auto hashes = hashes_of(*answer);
  if (!hashes || !tlog::verify_consistency(noted.size, now.size, noted.root, now.root, *hashes)) {
    return wrong(fmt::format(
        "the log of {} records does not begin with the {} that were noted: it was rewritten",
        now.size, noted.size));
  }
  return fmt::format("its first {} records are those of the noted checkpoint", noted.size);
}

/// Without a record to look for, the log's checkpoint is of interest only beside a noted one.
Result<json::object> latest(const Registry& registry, const tlog::Checkpoint& noted) {
  auto answer = registry.document(fmt::format("/-/audit/consistency?from={}", noted.size));
  if (!answer) return pass_on(answer);
  if (*answer) return std::move(**answer);
  return wrong(
      fmt::format("the log has less than the {} records that were noted: it was cut", noted.size));
}

/// Nothing is known of the log: it begins with the log of no records.
Result<json::object> first(const Registry& registry) {
  return registry.required("/-/audit/consistency?from=0");
}

}  // namespace

void check_log(const Registry& registry, const std::optional<RecordPlace>& place,
               const LogMemory& memory, const std::function<void()>& wait, Report& report) {
  if (!place) report.add("inclusion", Outcome::skipped, "no attestation names a record of the log");
  if (!place && !memory.checkpoint && !memory.wanted) {
    return report.add("checkpoint", Outcome::skipped, "nothing was noted to compare the log with");
  }
  const auto fail = [&](std::string_view name, const Failure& failure) {
    report.add(name, Outcome::failed, failure.message);
  };
  const auto keys = keys_of(registry, memory);
  if (!keys) return fail("checkpoint", keys.error());
  std::optional<tlog::TrustedCheckpoint> noted;
  if (memory.checkpoint) {
    auto read = tlog::open_checkpoint(*memory.checkpoint, *keys);
    if (!read) return fail("consistency", read.error());
    noted = std::move(*read);
  }
  const auto answer = place   ? inclusion_answer(registry, *place, wait)
                      : noted ? latest(registry, noted->checkpoint)
                              : first(registry);
  if (!answer) {
    return fail(place ? "inclusion" : noted ? "consistency" : "checkpoint", answer.error());
  }
  const auto signed_now = opened(*answer, *keys);
  if (!signed_now) return fail("checkpoint", signed_now.error());
  const tlog::Checkpoint& now = signed_now->checkpoint;
  if (place) {
    if (const auto held = check_inclusion(*answer, *place, now); !held) {
      return fail("inclusion", held.error());
    }
    report.add("inclusion", Outcome::passed,
               fmt::format("record {} of the audit log", place->sequence));
  }
  report.checkpoint = text_member(*answer, "checkpoint");
  report.add("checkpoint", Outcome::passed,
             fmt::format("{} at {} records, signed by {}{}", now.origin, now.size,
                         signed_now->signers.front().text(),
                         memory.keys.empty() ? ", a key that the registry names itself" : ""));
  if (!noted) {
    return report.add("consistency", Outcome::skipped,
                      "no earlier checkpoint was given to compare the log with");
  }
  const auto grown = check_consistency(registry, noted->checkpoint, now);
  if (!grown) return fail("consistency", grown.error());
  report.add("consistency", Outcome::passed, *grown);
}

}  // namespace imp::verify
