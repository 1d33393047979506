#pragma once

#include <string_view>

#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/staging/stage_decision.h"

namespace imp::registry {

/// What both npm's stage endpoints and the pages do with staged releases. The second factor is the
/// caller's question, asked in the form that its client understands, before the decision.

/// The release, when the requester may decide it; stage_not_found for everybody else, which tells
/// those who may know what became of it.
Result<StagedRelease> visible_release(RegistryServices& services, const Requester& requester,
                                      std::string_view id);
/// What became of a release that is decided, for the same people.
Result<StageOutcome> visible_outcome(RegistryServices& services, const Requester& requester,
                                     std::string_view id);

/// What a decision says beside yes or no.
struct DecisionWords {
  std::string tag;     ///< approval: the dist-tag to publish under; empty: the one staged with
  std::string reason;  ///< rejection
};
/// The tag's own refusals, and invalid_decision for a reason that cannot be kept. To be asked
/// before a second factor is used up.
Result<void> check(const DecisionWords& words);

/// Records the requester's approval, confirmed by this factor, with its audit record, and makes the
/// release public, byte for byte what was staged, when the package's policy asks for no more.
Result<Approval> approve_release(RegistryServices& services, const Requester& requester,
                                 const StagedRelease& release, accounts::FactorKind factor,
                                 const std::string& tag = {});
/// What an approver is told: published, or what is still missing.
std::string approval_text(const StagedRelease& release, const Approval& approval);

/// The person on whose word a release is staged: who holds the credential or, in a pipeline of this
/// server, who started it. Empty when unknown, as for pipelines elsewhere.
std::string person_behind(db::Session& session, RegistryServices& services,
                          const Requester& requester);

/// Gives the version number back and keeps what became of the release, with its audit record.
Result<Ended> reject_release(RegistryServices& services, const Requester& requester,
                             const StagedRelease& release, const std::string& reason = {});

/// Takes back what the requester staged: a person theirs (what they staged, or what a pipeline of
/// this server staged that they started), a publish token what its own run staged. It takes what
/// staging takes, so no second factor. not_the_stager for others who may see the release,
/// stage_not_found for people who may not, publish_token_forbidden for other publish tokens.
Result<Ended> withdraw_release(RegistryServices& services, const Requester& requester,
                               std::string_view id);

}  // namespace imp::registry
