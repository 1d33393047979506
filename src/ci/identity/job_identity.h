#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.h"

namespace imp::ci {

enum class IdentityRefusal {
  incomplete_identity,     ///< a bug in the caller: an identifier is missing or malformed
  fork_without_secrets,    ///< a fork's build in a project that passes nothing to forks
  fork_claims_own_origin,  ///< a fork's build that would be taken for the project's own
  malformed_claims,        ///< --claims is not a JSON object, or repeats a key
  unknown_claim,           ///< --claims names something else than "aud"
  invalid_audience,        ///< "aud" is not a usable string
  no_signing_key,
  damaged_signing_key,
  rotation_under_way,   ///< a key that was made for a rotation does not sign yet
  unknown_signing_key,  ///< to withdraw a key that the issuer does not have
};
Reason reason(IdentityRefusal refusal);

/// Where the commit that runs comes from: for a fork's pull request the fork, never its target.
struct VcsSource {
  std::string origin;  ///< repository URL without scheme, e.g. "github.com/acme/widgets"
  std::string ref;     ///< in full: "refs/heads/…" or "refs/tags/…"
};

/// Everything that an identity token says about a job. Identifiers are UUIDs in lower case.
struct JobIdentity {
  std::string organization_id;
  std::string project_id;
  std::string user_id;  ///< who caused the job: pusher, starter, re-runner
  std::string pipeline_definition_id;
  std::string pipeline_id;
  std::string workflow_id;
  std::string job_id;
  std::vector<std::string> context_ids;  ///< in the order in which the job lists them; may be empty
  std::optional<VcsSource> vcs;          ///< nothing for custom webhook triggers
  bool ssh_rerun = false;

  /// Not claims: what decides whether there is a token at all.
  bool from_fork = false;
  bool project_passes_secrets_to_forks = false;
  std::string project_vcs_origin;  ///< a fork's source must differ from it
};

/// Refuses an identity that must not be put into a token: incomplete, or a fork without permission.
Result<void> check_identity(const JobIdentity& job);

}  // namespace imp::ci
