#include "registry/provenance/attestations.h"

#include <boost/json/serialize.hpp>
#include <boost/json/string_view.hpp>

namespace imp::registry {

std::string attestations_document(const std::vector<Attestation>& attestations) {
  std::string out = R"({"attestations":[)";
  for (bool first = true; const Attestation& one : attestations) {
    if (!std::exchange(first, false)) out += ',';
    out += R"({"predicateType":)";
    out += boost::json::serialize(boost::json::string_view(one.predicate_type));
    out += R"(,"bundle":)";
    out += one.bundle;
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

std::vector<Attestation> attestations_of(db::Session& session, std::string_view package_id,
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
)sql"}};
}

}  // namespace imp::registry
