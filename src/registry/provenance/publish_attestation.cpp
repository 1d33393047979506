#include "registry/provenance/publish_attestation.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>

#include "dsse/canonical_json.h"
#include "dsse/envelope.h"
#include "dsse/statement.h"

namespace imp::registry {

namespace {

namespace json = boost::json;

constexpr std::string_view kBundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// Of a run, what names people, and what identifies the token instead of the run.
constexpr std::array<std::string_view, 3> kNotTold = {"actor", "user_login", "jti"};

json::object told(const json::object& run) {
  json::object out;
  for (const auto& member : run) {
    if (std::ranges::find(kNotTold, std::string_view(member.key())) == kNotTold.end()) {
      out.emplace(member.key(), member.value());
    }
  }
  return out;
}

Attestation attestation(const TrustedPublish& publish, const RegistryKey& key,
                        std::string_view predicate_type, json::object predicate) {
  const dsse::Statement statement{publish.name.purl(publish.version), publish.sha512,
                                  std::string(predicate_type), std::move(predicate)};
  dsse::Envelope envelope{
      std::string(dsse::kInTotoPayload), dsse::statement_text(statement), key.keyid(), {}};
  envelope.signature = key.private_key().sign_der(bytes_of(dsse::signed_text(envelope)));
  const json::object bundle{
      {"mediaType", kBundleType},
      {"verificationMaterial",
       {{"publicKey", {{"hint", key.keyid()}}}, {"tlogEntries", json::array()}}},
      {"dsseEnvelope", dsse::to_json(envelope)}};
  return {std::string(predicate_type), dsse::canonical_json(bundle)};
}

}  // namespace

json::object trusted_publish_predicate(const TrustedPublish& publish) {
  const CiIdentity& identity = publish.identity;
  json::object out{
      {"registry", publish.registry},
      {"publishedAt", iso8601(publish.at)},
      {"route", publish.stage_id ? "staged" : "direct"},
      {"provider", identity.provider},
      {"publisher", identity.publisher},
      {"claims", identity.claims},
      {"run", told(identity.run)},
      {"approvers", json::value_from(publish.approvers)},
      {"auditRecord",
       {{"sequence", publish.record}, {"leafHash", tlog::hash_text(publish.record_leaf)}}}};
  if (publish.stage_id) out["stage"] = *publish.stage_id;
  if (const json::value* issuer = identity.run.if_contains("iss")) out["issuer"] = *issuer;
  if (const json::value* commit = identity.run.if_contains("sha")) out["commit"] = *commit;
  return out;
}

std::vector<Attestation> publish_attestations(const TrustedPublish& publish,
                                              const RegistryKey& key) {
  return {attestation(publish, key, kPublishPredicate,
                      {{"name", publish.name.text()},
                       {"version", publish.version},
                       {"registry", publish.registry}}),
          attestation(publish, key, kTrustedPublishPredicate, trusted_publish_predicate(publish))};
}

CiIdentity attested_identity(db::Session& session, std::string_view package_id,
                             std::string_view version) {
  for (const Attestation& one : own_attestations_of(session, package_id, version)) {
    if (one.predicate_type != kTrustedPublishPredicate) continue;
    const auto envelope = dsse::parse_envelope(json::parse(one.bundle).at("dsseEnvelope"));
    if (!envelope) return {};
    const auto statement = dsse::parse_statement(envelope->payload);
    if (!statement) return {};
    return CiIdentity::from_json(statement->predicate);
  }
  return {};
}

}  // namespace imp::registry
