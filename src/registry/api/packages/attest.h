#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/log.h"
#include "registry/api/services.h"
#include "registry/provenance/ci_identity.h"
#include "registry/publish/candidate.h"
#include "registry/publish/commit.h"

namespace imp::registry {

/// How an upload under a CI identity became public, for attest().
struct PublicBy {
  CiIdentity identity;
  std::optional<std::string> stage_id = {};
  std::vector<std::string> approvers = {};
};

/// Signs and stores what the registry attests of a trusted publish, in the transaction that
/// publishes. `record` is where the audit log has it.
void attest(db::Session& session, const RegistryServices& services,
            const PublishCandidate& candidate, const Published& published, const PublicBy& by,
            const audit::Placed& record, Time now);

}  // namespace imp::registry
