#include "verify/attestation_check.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <map>

#include "dsse/envelope.h"
#include "dsse/statement.h"
#include "registry/provenance/publish_attestation.h"
#include "verify/bundle_check.h"
#include "verify/refusal.h"

namespace imp::verify {

namespace {

namespace json = boost::json;

constexpr std::string_view kName = "attestation";

std::unexpected<Failure> wrong(std::string what) {
  return refuse(VerifyRefusal::not_verified, std::move(what));
}

/// Of one element of the registry's answer, when it is by a key of the registry: the statement,
/// verified. A bundle with a certificate is not the registry's, and nothing here.
Result<std::optional<dsse::Statement>> read(const json::value& element, const Release& release,
                                            const std::vector<RegistryPublicKey>& keys) {
  const auto* object = element.if_object();
  const auto* bundle = object != nullptr ? object_member(*object, "bundle") : nullptr;
  if (bundle == nullptr) return wrong("an attestation has no bundle");
  const auto* material = object_member(*bundle, "verificationMaterial");
  if (material == nullptr || has_certificate(*material)) return std::nullopt;
  const auto* found = bundle->if_contains("dsseEnvelope");
  const auto envelope = dsse::parse_envelope(found != nullptr ? *found : json::value());
  if (!envelope) return pass_on(envelope);
  const RegistryPublicKey* key = key_of(keys, envelope->keyid);
  if (key == nullptr) return wrong("an attestation is by a key that is not the registry's");
  if (!key->key.verify_der(bytes_of(dsse::signed_text(*envelope)), envelope->signature)) {
    return wrong(fmt::format("the signature of an attestation by {} does not hold", key->keyid));
  }
  if (had_expired(*key, release)) {
    return wrong(fmt::format("{} signed an attestation after it expired ({})", key->keyid,
                             time_text(key->expires)));
  }
  if (envelope->payload_type != dsse::kInTotoPayload) {
    return wrong("an attestation holds another payload than an in-toto statement");
  }
  auto statement = dsse::parse_statement(envelope->payload);
  if (!statement) return pass_on(statement);
  if (statement->predicate_type != text_member(*object, "predicateType")) {
    return wrong("an attestation is of another type than the registry says");
  }
  if (statement->subject != release.name.purl(release.version)) {
    return wrong(fmt::format("an attestation is about {}", statement->subject));
  }
  if (statement->sha512 != release.sha512) {
    return wrong("an attestation is about another tarball");
  }
  return std::move(*statement);
}

using Statements = std::map<std::string, dsse::Statement, std::less<>>;

Result<Statements> read_all(const json::object& document, const Release& release,
                            const std::vector<RegistryPublicKey>& keys) {
  const auto* list = array_member(document, "attestations");
  if (list == nullptr) return wrong("the registry's answer is not a list of attestations");
  Statements statements;
  for (const json::value& element : *list) {
    auto statement = read(element, release, keys);
    if (!statement) return pass_on(statement);
    if (!*statement) continue;
    const std::string type = (*statement)->predicate_type;
    if (!statements.emplace(type, std::move(**statement)).second) {
      return wrong(fmt::format("there are two attestations of type {}", type));
    }
  }
  return statements;
}

/// "by circleci, run {…}, approved by alice"
std::string told(const json::object& predicate) {
  std::string out =
      fmt::format("published {} by {} of {}", text_member(predicate, "route"),
                  text_member(predicate, "provider"), text_member(predicate, "issuer"));
  if (const auto* claims = object_member(predicate, "claims")) {
    out += fmt::format(", claims {}", json::serialize(*claims));
  }
  if (const std::string commit = text_member(predicate, "commit"); !commit.empty()) {
    out += fmt::format(", commit {}", commit);
  }
  std::string approvers;
  if (const auto* list = array_member(predicate, "approvers")) {
    for (const json::value& one : *list) {
      if (!one.is_string()) continue;
      approvers += (approvers.empty() ? "" : ", ") + std::string(one.get_string());
    }
  }
  return approvers.empty() ? out : fmt::format("{}, approved by {}", out, approvers);
}

std::optional<RecordPlace> place_of(const json::object& predicate) {
  const auto* record = object_member(predicate, "auditRecord");
  const auto* sequence = record != nullptr ? record->if_contains("sequence") : nullptr;
  const auto leaf =
      record != nullptr ? tlog::parse_hash(text_member(*record, "leafHash")) : std::nullopt;
  if (sequence == nullptr || !sequence->is_int64() || sequence->get_int64() < 1 || !leaf) {
    return std::nullopt;
  }
  return RecordPlace{sequence->get_int64(), *leaf};
}

/// npm's statement says of its subject what the subject says.
bool agrees(const json::object& predicate, const Release& release) {
  return text_member(predicate, "name") == release.name.text() &&
         text_member(predicate, "version") == release.version;
}

}  // namespace

Result<json::object> attestations_of(const Registry& registry, const Release& release) {
  auto answer = registry.document(fmt::format(
      "/-/npm/v1/attestations/{}@{}", release.name.escaped(), percent_encode(release.version)));
  if (!answer) return pass_on(answer);
  if (*answer) return std::move(**answer);
  return json::object{{"attestations", json::array()}};
}

std::optional<RecordPlace> check_attestations(const json::object& answer, const Release& release,
                                              const std::vector<RegistryPublicKey>& keys,
                                              Report& report) {
  const auto fail = [&](std::string what) {
    report.add(kName, Outcome::failed, std::move(what));
    return std::nullopt;
  };
  const auto statements = read_all(answer, release, keys);
  if (!statements) return fail(statements.error().message);
  if (statements->empty() && !release.trusted) {
    report.add(kName, Outcome::skipped,
               "the registry says that a person published it, and attests nothing");
    return std::nullopt;
  }
  const auto npm = statements->find(registry::kPublishPredicate);
  const auto own = statements->find(registry::kTrustedPublishPredicate);
  if (npm == statements->end() || own == statements->end()) {
    return fail(
        "a trusted publisher published it, and the registry attests nothing: it hides that, or the "
        "version is older than its attestations");
  }
  if (!agrees(npm->second.predicate, release)) {
    return fail("npm's publish attestation contradicts itself");
  }
  const auto place = place_of(own->second.predicate);
  if (!place) return fail("the attestation names no record of the audit log");
  report.add(kName, Outcome::passed, told(own->second.predicate));
  return place;
}

}  // namespace imp::verify
