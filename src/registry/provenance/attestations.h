#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"

namespace imp::registry {

/// One element of what `GET /-/npm/v1/attestations/<name>@<version>` answers.
struct Attestation {
  std::string predicate_type;
  std::string bundle;  ///< JSON text
};

/// {"attestations": [{"predicateType", "bundle"}]}, as npm reads it.
std::string attestations_document(const std::vector<Attestation>& attestations);

void add_attestation(db::Session& session, std::string_view package_id, std::string_view version,
                     const Attestation& attestation);
/// Of a version that is published; in the order in which they were added.
std::vector<Attestation> attestations_of(db::Session& session, std::string_view package_id,
                                         std::string_view version);

std::vector<db::Migration> provenance_migrations();

}  // namespace imp::registry
