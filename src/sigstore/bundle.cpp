#include "sigstore/bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "jose/strict_json.h"
#include "sigstore/members.h"
#include "sigstore/refusal.h"

namespace imp::sigstore {

namespace {

namespace json = boost::json;

constexpr jose::JsonLimits kLimits{.depth = 16, .values = 5'000};
constexpr std::string_view kVersion01 = "application/vnd.dev.sigstore.bundle+json;version=0.1";
constexpr std::size_t kMostEntries = 8;
constexpr std::size_t kMostCertificates = 8;
constexpr std::size_t kMostHashes = 64;
constexpr std::uint64_t kLatest = 253'402'300'799;  // the last second of the year 9999

std::unexpected<Failure> malformed(std::string_view what) {
  return refuse(SigstoreRefusal::malformed_bundle, fmt::format("The sigstore bundle {}.", what));
}

std::optional<tlog::Hash> hash_of(const std::optional<Bytes>& bytes) {
  tlog::Hash hash;
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::ranges::copy(*bytes, hash.begin());
  return hash;
}

Result<LogEntry::Proof> parse_proof(const json::object& object) {
  const auto index = number_at(object, "logIndex");
  const auto size = number_at(object, "treeSize");
  const auto root = hash_of(bytes_at(object, "rootHash"));
  const auto* hashes = array_at(object, "hashes");
  const auto* checkpoint = object_at(object, "checkpoint");
  if (!size || !root || checkpoint == nullptr)
    return malformed("has an incomplete inclusion proof");
  // What is nothing is left out in protobuf's JSON.
  LogEntry::Proof proof{index.value_or(0), *size, *root, {}, text_at(*checkpoint, "envelope")};
  for (const json::value& one : hashes != nullptr ? *hashes : json::array()) {
    const auto hash = one.is_string() ? hash_of(from_base64(one.get_string())) : std::nullopt;
    if (!hash || proof.hashes.size() == kMostHashes) {
      return malformed("has an inclusion proof that is not made of hashes");
    }
    proof.hashes.push_back(*hash);
  }
  return proof;
}

Result<LogEntry> parse_entry(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return malformed("has a log entry that is not an object");
  LogEntry entry;
  const auto* log = object_at(*object, "logId");
  auto log_id = log != nullptr ? bytes_at(*log, "keyId") : std::nullopt;
  const auto* kind = object_at(*object, "kindVersion");
  auto body = bytes_at(*object, "canonicalizedBody");
  const auto time = number_at(*object, "integratedTime");
  if (!log_id || kind == nullptr || !body) return malformed("has an incomplete log entry");
  if (time.value_or(0) > kLatest) return malformed("has a log entry of no time");
  entry.index = number_at(*object, "logIndex").value_or(0);
  entry.log_id = std::move(*log_id);
  entry.kind = text_at(*kind, "kind");
  entry.version = text_at(*kind, "version");
  entry.integrated_time = static_cast<std::int64_t>(time.value_or(0));
  entry.body = text_of(*body);
  if (const auto* promise = object_at(*object, "inclusionPromise")) {
    entry.promise = bytes_at(*promise, "signedEntryTimestamp").value_or(Bytes());
  }
  if (const auto* proof = object_at(*object, "inclusionProof")) {
    auto parsed = parse_proof(*proof);
    if (!parsed) return pass_on(parsed);
    entry.proof = std::move(*parsed);
  }
  return entry;
}

Result<std::vector<Bytes>> parse_certificates(const json::object& material) {
  // One of these is all that protobuf's `oneof content` allows; readers differ in which of two
  // they take.
  constexpr std::array<std::string_view, 3> kinds = {"certificate", "x509CertificateChain",
                                                     "publicKey"};
  if (std::ranges::count_if(kinds, [&](auto name) { return material.contains(name); }) > 1) {
    return malformed("names its signer's key in two ways");
  }
  std::vector<Bytes> out;
  const auto add = [&](const json::object& certificate) {
    auto bytes = bytes_at(certificate, "rawBytes");
    if (bytes) out.push_back(std::move(*bytes));
    return bytes.has_value();
  };
  if (const auto* certificate = object_at(material, "certificate")) {
    if (!add(*certificate)) return malformed("has a certificate that is not base64");
  } else if (const auto* chain = object_at(material, "x509CertificateChain")) {
    const auto* certificates = array_at(*chain, "certificates");
    for (const json::value& one : certificates != nullptr ? *certificates : json::array()) {
      if (out.size() == kMostCertificates || !one.is_object() || !add(one.get_object())) {
        return malformed("has a certificate chain that is not one");
      }
    }
  }
  if (out.empty()) return malformed("has no certificate of its signer");
  return out;
}

}  // namespace

bool is_bundle_type(std::string_view media_type) {
  constexpr std::array<std::string_view, 4> known = {
      kVersion01, "application/vnd.dev.sigstore.bundle+json;version=0.2",
      "application/vnd.dev.sigstore.bundle+json;version=0.3",
      "application/vnd.dev.sigstore.bundle.v0.3+json"};
  return std::ranges::find(known, media_type) != known.end();
}

Result<Bundle> parse_bundle(std::string_view text) {
  const auto object = jose::parse_strict_object(text, kLimits);
  if (!object) return malformed(fmt::format("is not a JSON object: {}", object.error()));
  Bundle bundle;
  bundle.media_type = text_at(*object, "mediaType");
  if (!is_bundle_type(bundle.media_type)) {
    return malformed("has a \"mediaType\" other than those of v0.1 to v0.3");
  }
  const json::value* envelope = object->if_contains("dsseEnvelope");
  if (envelope == nullptr) return malformed("has no \"dsseEnvelope\"");
  if (object->contains("messageSignature")) {
    return malformed("has a \"messageSignature\" beside its envelope");
  }
  auto parsed = dsse::parse_envelope(*envelope);
  if (!parsed) return malformed(fmt::format("has no usable envelope: {}", parsed.error().message));
  bundle.envelope = std::move(*parsed);
  const auto* material = object_at(*object, "verificationMaterial");
  if (material == nullptr) return malformed("has no \"verificationMaterial\"");
  auto certificates = parse_certificates(*material);
  if (!certificates) return pass_on(certificates);
  bundle.certificates = std::move(*certificates);
  const auto* entries = array_at(*material, "tlogEntries");
  for (const json::value& one : entries != nullptr ? *entries : json::array()) {
    if (bundle.entries.size() == kMostEntries) return malformed("has too many log entries");
    auto entry = parse_entry(one);
    if (!entry) return pass_on(entry);
    // sigstore_bundle.proto: from v0.2 on every entry has an inclusion proof with a checkpoint.
    if (!entry->proof && bundle.media_type != kVersion01) {
      return malformed("has a log entry without an inclusion proof, which only v0.1 may have");
    }
    bundle.entries.push_back(std::move(*entry));
  }
  return bundle;
}

}  // namespace imp::sigstore
