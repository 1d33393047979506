#include "registry/provenance/attestations.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string_view.hpp>
#include <utility>

#include "dsse/statement.h"
#include "registry/provenance/bundle_judgement.h"
#include "sigstore/bundle.h"

namespace imp::registry {

namespace {

/// The bundle that came with a published version. One from before bundles were judged is served as
/// not verified, if it can be read at all.
std::optional<Attestation> sent_bundle(db::Session& session, std::string_view package_id,
                                       std::string_view version) {
  const auto row = session.row(
      "SELECT v.provenance, b.judgement FROM package_version v LEFT JOIN version_bundle b ON "
      "b.package_id = v.package_id AND b.version = v.version WHERE v.package_id = :p1 AND "
      "v.version = :p2 AND v.state = 'published' AND v.provenance <> ''",
      {std::string(package_id), std::string(version)});
  if (!row) return std::nullopt;
  if (const auto kept = row->maybe_text(1)) {
    const auto judged = BundleJudgement::from_json(boost::json::parse(*kept).as_object());
    return Attestation{judged.predicate_type, row->text(0), judged.verified};
  }
  const auto bundle = sigstore::parse_bundle(row->text(0));
  if (!bundle) return std::nullopt;
  const auto statement = dsse::parse_statement(bundle->envelope.payload);
  if (!statement) return std::nullopt;
  return Attestation{statement->predicate_type, row->text(0), false};
}

}  // namespace

std::string attestations_document(const std::vector<Attestation>& attestations) {
  std::string out = R"({"attestations":[)";
  for (bool first = true; const Attestation& one : attestations) {
    if (!std::exchange(first, false)) out += ',';
    out += R"({"predicateType":)";
    out += boost::json::serialize(boost::json::string_view(one.predicate_type));
    out += R"(,"bundle":)";
    out += one.bundle;
    if (one.verified) out += *one.verified ? R"(,"verified":true)" : R"(,"verified":false)";
    out += '}';
  }
  return out + "]}";
}

void add_attestation(db::Session& session, std::string_view package_id, std::string_view version,
                     const Attestation& attestation) {
  session.run(
      "INSERT INTO version_attestation (package_id, version, place, predicate_type, bundle) "
      "SELECT :p1, :p2, COUNT(*) + 1, :p3, :p4 FROM version_attestation "
      "WHERE package_id = :p5 AND version = :p6",
      {std::string(package_id), std::string(version), attestation.predicate_type,
       attestation.bundle, std::string(package_id), std::string(version)});
}

std::vector<Attestation> own_attestations_of(db::Session& session, std::string_view package_id,
                                             std::string_view version) {
  std::vector<Attestation> out;
  for (const db::Row& row : session.rows(
           "SELECT a.predicate_type, a.bundle FROM version_attestation a JOIN package_version v "
           "ON v.package_id = a.package_id AND v.version = a.version WHERE a.package_id = :p1 AND "
           "a.version = :p2 AND v.state = 'published' ORDER BY a.place",
           {std::string(package_id), std::string(version)})) {
    out.push_back({row.text(0), row.text(1)});
  }
  return out;
}

std::vector<Attestation> attestations_of(db::Session& session, std::string_view package_id,
                                         std::string_view version) {
  auto out = own_attestations_of(session, package_id, version);
  if (auto sent = sent_bundle(session, package_id, version)) out.push_back(std::move(*sent));
  return out;
}

std::set<std::string> attested_versions(db::Session& session, std::string_view package_id) {
  std::set<std::string> out;
  for (const db::Row& row :
       session.rows("SELECT version FROM version_attestation WHERE package_id = :p1 AND place = 1",
                    {std::string(package_id)})) {
    out.insert(row.text(0));
  }
  return out;
}

std::vector<db::Migration> provenance_migrations() {
  return {{"provenance/1", R"sql(
CREATE TABLE version_attestation (
  package_id TEXT NOT NULL REFERENCES package (id),
  version TEXT NOT NULL,
  place BIGINT NOT NULL,
  predicate_type TEXT NOT NULL,
  bundle TEXT NOT NULL,
  PRIMARY KEY (package_id, version, place)
);
CREATE TABLE staged_identity (
  stage_id TEXT PRIMARY KEY REFERENCES staged_release (id) ON DELETE CASCADE,
  identity TEXT NOT NULL
);
)sql"},
          {"provenance/2", R"sql(
CREATE TABLE version_bundle (
  package_id TEXT NOT NULL REFERENCES package (id),
  version TEXT NOT NULL,
  judgement TEXT NOT NULL,
  PRIMARY KEY (package_id, version)
);
)sql"},
          {"provenance/3", R"sql(
CREATE TABLE staged_bundle (
  stage_id TEXT PRIMARY KEY REFERENCES staged_release (id) ON DELETE CASCADE,
  judgement TEXT NOT NULL
);
)sql"}};
}

}  // namespace imp::registry
