#pragma once

#include <optional>
#include <string>

#include "registry/api/packages/version_upload.h"
#include "registry/provenance/bundle_judgement.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {

/// Stages an uploaded version in the caller's write transaction, with its audit record, what
/// webhooks are told, what its provenance was found to be and the CI identity behind it.
/// `held_reason` says why a direct publish becomes a staged release; empty for one that is staged
/// on purpose. Whether the uploader may is `order`'s question.
Result<StagedRelease> stage_upload(db::Session& session, RegistryServices& services,
                                   const VersionUpload& upload, const PublishCandidate& candidate,
                                   const PublishOrder& order,
                                   const std::optional<BundleJudgement>& bundle, Time now,
                                   const std::string& held_reason = {});

}  // namespace imp::registry
