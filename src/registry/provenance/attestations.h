#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"

namespace imp::registry {

/// One element of what `GET /-/npm/v1/attestations/<name>@<version>` answers.
struct Attestation {
  std::string predicate_type;
  std::string bundle;  ///< JSON text
  /// Of a bundle that a client sent along: whether it was verified. Nothing of the registry's own.
  std::optional<bool> verified = {};
};

/// {"attestations": [{"predicateType", "bundle"}]}, as npm reads it, and `verified` where it is
/// known.
std::string attestations_document(const std::vector<Attestation>& attestations);

void add_attestation(db::Session& session, std::string_view package_id, std::string_view version,
                     const Attestation& attestation);
/// What the registry itself attests of a version that is published, in the order in which it was
/// added.
std::vector<Attestation> own_attestations_of(db::Session& session, std::string_view package_id,
                                             std::string_view version);
/// Of a version that is published: the registry's in the order in which they were added, then the
/// bundle that came with it.
std::vector<Attestation> attestations_of(db::Session& session, std::string_view package_id,
                                         std::string_view version);

/// The versions that the registry attests.
std::set<std::string> attested_versions(db::Session& session, std::string_view package_id);

std::vector<db::Migration> provenance_migrations();

}  // namespace imp::registry
