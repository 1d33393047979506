#include "ci/identity/job_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"
#include "base/uuid.h"

namespace imp::ci {
namespace {

bool is_plain(std::string_view text) {
  return is_utf8(text) &&
         std::ranges::none_of(text, [](unsigned char c) { return c <= 0x20 || c == 0x7f; });
}

bool is_origin(std::string_view origin) {
  return !origin.empty() && is_plain(origin) && origin.find("://") == std::string_view::npos &&
         origin.find('/') != std::string_view::npos;
}

bool is_ref(std::string_view ref) {
  for (const std::string_view prefix : {"refs/heads/", "refs/tags/"}) {
    if (ref.starts_with(prefix) && ref.size() > prefix.size()) return is_plain(ref);
  }
  return false;
}

std::unexpected<Failure> incomplete(std::string_view what) {
  return refuse(IdentityRefusal::incomplete_identity,
                fmt::format("This job has no identity token, because its {} is not known.", what));
}

}  // namespace

Reason reason(IdentityRefusal refusal) {
  switch (refusal) {
    case IdentityRefusal::incomplete_identity:
      return {"incomplete_identity", FailureKind::unprocessable};
    case IdentityRefusal::fork_without_secrets:
      return {"fork_without_secrets", FailureKind::forbidden};
    case IdentityRefusal::fork_claims_own_origin:
      return {"fork_claims_own_origin", FailureKind::forbidden};
    case IdentityRefusal::malformed_claims:
      return {"malformed_claims", FailureKind::invalid};
    case IdentityRefusal::unknown_claim:
      return {"unknown_claim", FailureKind::invalid};
    case IdentityRefusal::invalid_audience:
      return {"invalid_audience", FailureKind::invalid};
    case IdentityRefusal::no_signing_key:
      return {"no_signing_key", FailureKind::unavailable};
    case IdentityRefusal::damaged_signing_key:
      return {"damaged_signing_key", FailureKind::internal};
    case IdentityRefusal::rotation_under_way:
      return {"rotation_under_way", FailureKind::conflict};
    case IdentityRefusal::unknown_signing_key:
      return {"unknown_signing_key", FailureKind::not_found};
  }
  return {"internal", FailureKind::internal};
}

Result<void> check_identity(const JobIdentity& job) {
  if (job.from_fork && !job.project_passes_secrets_to_forks) {
    return refuse(IdentityRefusal::fork_without_secrets,
                  "Builds of forks get no identity token: the project does not pass secrets to "
                  "builds from forked pull requests.");
  }
  const std::array identifiers{
      std::pair{std::string_view(job.organization_id), "organization"},
      std::pair{std::string_view(job.project_id), "project"},
      std::pair{std::string_view(job.user_id), "user"},
      std::pair{std::string_view(job.pipeline_definition_id), "pipeline definition"},
      std::pair{std::string_view(job.pipeline_id), "pipeline"},
      std::pair{std::string_view(job.workflow_id), "workflow"},
      std::pair{std::string_view(job.job_id), "job id"}};
  for (const auto& [id, what] : identifiers) {
    if (!is_uuid(id)) return incomplete(what);
  }
  if (!std::ranges::all_of(job.context_ids, is_uuid)) return incomplete("list of contexts");
  if (job.vcs && !is_origin(job.vcs->origin)) return incomplete("VCS origin");
  if (job.vcs && !is_ref(job.vcs->ref)) return incomplete("VCS ref");
  if (job.from_fork) {
    // Without a source of its own, or with the project's, a fork's build would look like the
    // project's own to every relying party.
    if (!job.vcs) return incomplete("VCS origin");
    if (job.project_vcs_origin.empty() || job.vcs->origin == job.project_vcs_origin) {
      return refuse(IdentityRefusal::fork_claims_own_origin,
                    "A build of a fork carries the fork's VCS origin; this one carries the "
                    "project's.");
    }
  }
  return {};
}

}  // namespace imp::ci
