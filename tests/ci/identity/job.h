#pragma once

#include "ci/identity/job_identity.h"

namespace imp::ci {

/// A push to main of a job with one context.
inline JobIdentity pushed_job() {
  return {.organization_id = "0f0e0000-0000-4000-8000-000000000001",
          .project_id = "1a2b0000-0000-4000-8000-000000000002",
          .user_id = "3c4d0000-0000-4000-8000-000000000003",
          .pipeline_definition_id = "5e6f0000-0000-4000-8000-000000000004",
          .pipeline_id = "a0000000-0000-4000-8000-000000000005",
          .workflow_id = "b0000000-0000-4000-8000-000000000006",
          .job_id = "c0000000-0000-4000-8000-000000000007",
          .context_ids = {"7a8b0000-0000-4000-8000-000000000008"},
          .vcs = VcsSource{"github.com/acme/widgets", "refs/heads/main"},
          .ssh_rerun = false,
          .from_fork = false,
          .project_passes_secrets_to_forks = false,
          .project_vcs_origin = "github.com/acme/widgets"};
}

/// A pull request of a fork, in a project that passes secrets to forks.
inline JobIdentity forked_job() {
  JobIdentity job = pushed_job();
  job.vcs = VcsSource{"github.com/mallory/widgets", "refs/heads/main"};
  job.from_fork = true;
  job.project_passes_secrets_to_forks = true;
  return job;
}

}  // namespace imp::ci
