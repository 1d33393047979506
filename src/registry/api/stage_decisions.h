#pragma once

#include <string_view>

#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {

/// What both npm's stage endpoints and the pages do with staged releases. The second factor is the
/// caller's question, asked in the form that its client understands, before the decision.

/// The release, when the requester may decide it; stage_not_found for everybody else.
Result<StagedRelease> visible_release(RegistryServices& services, const Requester& requester,
                                      std::string_view id);

/// Records the requester's approval, with its audit record, and makes the release public, byte for
/// byte what was staged, when the package's policy asks for no more.
Result<Approval> approve_release(RegistryServices& services, const Requester& requester,
                                 const StagedRelease& release);
/// What an approver is told: published, or what is still missing.
std::string approval_text(const StagedRelease& release, const Approval& approval);

/// The person on whose word a release is staged: who holds the credential or, in a pipeline of this
/// server, who started it. Empty when unknown, as for pipelines elsewhere.
std::string person_behind(db::Session& session, RegistryServices& services,
                          const Requester& requester);

/// Gives the version number back and forgets the release, with its audit record.
Result<void> reject_release(RegistryServices& services, const Requester& requester,
                            const StagedRelease& release);

/// Takes away the releases whose time is over, each with its audit record. Call now and then.
Result<void> expire_releases(RegistryServices& services);

}  // namespace imp::registry
