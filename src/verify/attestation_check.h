#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tlog/merkle.h"
#include "verify/release.h"

namespace imp::verify {

/// Where an attestation says that its publish is in the audit log.
struct RecordPlace {
  std::int64_t sequence = 0;
  tlog::Hash leaf{};
};

/// What the registry answers when it is asked for the attestations of the version: an empty list
/// when there are none.
Result<boost::json::object> attestations_of(const Registry& registry, const Release& release);

/// "attestation": what the registry itself signed of the version, by one of the keys: envelope,
/// subject, digest and predicates. A version of a trusted publisher must have both; one of a person
/// has none. Nothing when it does not lead to a record of the log.
std::optional<RecordPlace> check_attestations(const boost::json::object& answer,
                                              const Release& release,
                                              const std::vector<RegistryPublicKey>& keys,
                                              Report& report);

}  // namespace imp::verify
