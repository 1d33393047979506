#pragma once

#include <string_view>

#include "registry/api/requester.h"
#include "registry/staging/stage_outcome.h"

namespace imp::registry {

/// Who staged a release, as far as a requester can be recognised again.

/// Whether a publish token comes from the run that staged a release: the same trusted publisher
/// and the same workflow (CircleCI, this server), run (GitHub Actions) or pipeline (GitLab CI);
/// elsewhere the same identity token.
bool staged_by_run_of(const trust::PublishToken& token, const StagedRelease& release);
bool staged_by_run_of(const trust::PublishToken& token, const StageOutcome& outcome);

/// The same for publish tokens; and persons who staged it themselves or started its pipeline here.
bool staged_by(const Requester& requester, const StagedRelease& release);

/// publish_token_forbidden, for what another run staged or nobody did.
std::unexpected<Failure> not_of_this_run();

}  // namespace imp::registry
