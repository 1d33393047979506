#include "sigstore/log_entry.h"

#include <fmt/format.h>

#include <algorithm>

#include "dsse/canonical_json.h"
#include "jose/strict_json.h"
#include "sigstore/members.h"
#include "sigstore/refusal.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

namespace imp::sigstore {

namespace {

namespace json = boost::json;

constexpr jose::JsonLimits kLimits{.depth = 16, .values = 1'000};

std::unexpected<Failure> wrong(std::string_view what) {
  return refuse(SigstoreRefusal::not_verified, fmt::format("The log entry {}.", what));
}

/// Rekor signs these four members in canonical JSON.
bool promise_holds(const LogEntry& entry, const TrustedLog& log) {
  const std::string text =
      dsse::canonical_json(json::object{{"body", base64(bytes_of(entry.body))},
                                        {"integratedTime", entry.integrated_time},
                                        {"logID", hex(entry.log_id)},
                                        {"logIndex", entry.index}});
  return log.key.verify_der(bytes_of(text), entry.promise);
}

/// The checkpoint's note names a key by the first four bytes of the log's id.
Result<void> check_checkpoint(const LogEntry::Proof& proof, const TrustedLog& log) {
  const auto note = tlog::parse_note(proof.checkpoint);
  if (!note) return wrong("has a checkpoint that is not a signed note");
  const auto checkpoint = tlog::parse_checkpoint_text(note->text);
  if (!checkpoint) return wrong("has a checkpoint that cannot be read");
  const std::uint32_t hint = static_cast<std::uint32_t>(log.id[0]) << 24 |
                             static_cast<std::uint32_t>(log.id[1]) << 16 |
                             static_cast<std::uint32_t>(log.id[2]) << 8 | log.id[3];
  const bool signed_by_log = std::ranges::any_of(note->signatures, [&](const auto& one) {
    return one.name == log.name && one.id == hint &&
           log.key.verify_der(bytes_of(note->text), one.signature);
  });
  if (!signed_by_log) return wrong("has a checkpoint that its log did not sign");
  if (checkpoint->size != proof.size || checkpoint->root != proof.root) {
    return wrong("has a checkpoint of another tree than its inclusion proof");
  }
  return {};
}

Result<void> check_proof(const LogEntry& entry, const TrustedLog& log) {
  const LogEntry::Proof& proof = *entry.proof;
  if (auto signed_tree = check_checkpoint(proof, log); !signed_tree) return signed_tree;
  if (!tlog::verify_inclusion(tlog::leaf_hash(entry.body), proof.index, proof.size, proof.root,
                              proof.hashes)) {
    return wrong("has an inclusion proof that does not lead to its checkpoint");
  }
  return {};
}

/// The DER of the first certificate in PEM; empty for anything else.
Bytes certificate_of_pem(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  const std::size_t begin = pem.find(kBegin);
  const std::size_t end = pem.find(kEnd);
  if (begin != 0 || end == std::string_view::npos) return {};
  std::string text(pem.substr(kBegin.size(), end - kBegin.size()));
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r'; });
  return from_base64(text).value_or(Bytes());
}

/// What an entry says of the envelope that it is about, whatever its kind.
struct Body {
  Bytes signature;
  std::string payload_sha256;  ///< hexadecimal digits
  std::string certificate;     ///< PEM
};

const json::object* only(const json::object* owner, std::string_view name) {
  const auto* list = owner != nullptr ? array_at(*owner, name) : nullptr;
  return list != nullptr && list->size() == 1 ? list->front().if_object() : nullptr;
}

std::string decoded(const json::object& object, std::string_view name) {
  const auto bytes = bytes_at(object, name);
  return bytes ? std::string(text_of(*bytes)) : std::string();
}

std::string sha256_at(const json::object* owner, std::string_view name) {
  const auto* hash = owner != nullptr ? object_at(*owner, name) : nullptr;
  return hash != nullptr && text_at(*hash, "algorithm") == "sha256" ? text_at(*hash, "value")
                                                                    : std::string();
}

Result<Body> body_of(const LogEntry& entry) {
  const auto object = jose::parse_strict_object(entry.body, kLimits);
  if (!object) return wrong("has a body that is not JSON");
  if (text_at(*object, "kind") != entry.kind || text_at(*object, "apiVersion") != entry.version) {
    return wrong("is of another kind than its body");
  }
  const auto* spec = object_at(*object, "spec");
  if (entry.kind == "dsse" && entry.version == "0.0.1") {
    const auto* signature = only(spec, "signatures");
    if (signature == nullptr) return wrong("has a body without exactly one signature");
    return Body{bytes_at(*signature, "signature").value_or(Bytes()), sha256_at(spec, "payloadHash"),
                decoded(*signature, "verifier")};
  }
  if (entry.kind == "intoto" && entry.version == "0.0.2") {
    const auto* content = spec != nullptr ? object_at(*spec, "content") : nullptr;
    const auto* envelope = content != nullptr ? object_at(*content, "envelope") : nullptr;
    const auto* signature = only(envelope, "signatures");
    if (signature == nullptr) return wrong("has a body without exactly one signature");
    // Encoded twice.
    return Body{from_base64(decoded(*signature, "sig")).value_or(Bytes()),
                sha256_at(content, "payloadHash"), decoded(*signature, "publicKey")};
  }
  return wrong(fmt::format("is of kind \"{}\" {}, which is not known here",
                           entry.kind.substr(0, 40), entry.version.substr(0, 40)));
}

}  // namespace

Result<void> check_log_entry(const LogEntry& entry, const std::vector<TrustedLog>& logs) {
  const auto log = std::ranges::find(logs, entry.log_id, &TrustedLog::id);
  if (log == logs.end()) return wrong("is of a log that is not configured");
  if (!log->valid.covers(Time(std::chrono::seconds(entry.integrated_time)))) {
    return wrong("is from a time at which its log is not believed");
  }
  if (entry.promise.empty()) {
    return wrong("has no signed entry timestamp, so nothing vouches for its time");
  }
  if (!promise_holds(entry, *log)) return wrong("has a signed entry timestamp that does not hold");
  return entry.proof ? check_proof(entry, *log) : Result<void>();
}

Result<void> check_entry_body(const LogEntry& entry, const Bundle& bundle) {
  const auto body = body_of(entry);
  if (!body) return pass_on(body);
  if (body->signature != bundle.envelope.signature) return wrong("is about another signature");
  if (body->payload_sha256 != crypto::sha256_hex(bundle.envelope.payload)) {
    return wrong("is about another payload");
  }
  if (certificate_of_pem(body->certificate) != bundle.certificates.front()) {
    return wrong("is about another certificate");
  }
  return {};
}

}  // namespace imp::sigstore
