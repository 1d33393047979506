#pragma once

#include <optional>

#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/provenance/bundle_judgement.h"
#include "registry/publish/candidate.h"

namespace imp::registry {

/// Judges the bundle of a candidate, before the transaction that publishes or stages it: nothing
/// when it has none. `identity` is that of the upload.
Result<std::optional<BundleJudgement>> judged(const RegistryServices& services,
                                              const PublishCandidate& candidate,
                                              const std::optional<CiIdentity>& identity);
/// The same for somebody's upload, whose identity is read when there is something to compare.
Result<std::optional<BundleJudgement>> judged(const RegistryServices& services,
                                              const PublishCandidate& candidate,
                                              const Requester& requester);

}  // namespace imp::registry
