#include "ci/identity/job_identity.h"

#include <gtest/gtest.h>

#include <functional>

#include "ci/identity/job.h"

namespace imp::ci {
namespace {

std::string code_of(const JobIdentity& job) {
  const auto checked = check_identity(job);
  return checked ? "" : std::string(checked.error().code());
}

TEST(JobIdentity, OrdinaryJobsPass) {
  EXPECT_EQ(code_of(pushed_job()), "");
  JobIdentity job = pushed_job();
  job.vcs->ref = "refs/tags/v1.0.0";
  EXPECT_EQ(code_of(job), "");
  job.vcs.reset();  // custom webhook trigger
  job.context_ids.clear();
  EXPECT_EQ(code_of(job), "");
}

TEST(JobIdentity, IncompleteOrMalformedIsRefused) {
  const std::pair<std::string, std::function<void(JobIdentity&)>> cases[] = {
      {"no organisation", [](JobIdentity& job) { job.organization_id.clear(); }},
      {"no project", [](JobIdentity& job) { job.project_id.clear(); }},
      {"no user: nobody to name in `sub`", [](JobIdentity& job) { job.user_id.clear(); }},
      {"no definition", [](JobIdentity& job) { job.pipeline_definition_id.clear(); }},
      {"no pipeline", [](JobIdentity& job) { job.pipeline_id.clear(); }},
      {"no workflow", [](JobIdentity& job) { job.workflow_id.clear(); }},
      {"no job", [](JobIdentity& job) { job.job_id.clear(); }},
      {"slash in an id would add parts to `sub`",
       [](JobIdentity& job) { job.user_id = "x/vcs-origin/github.com/acme/widgets"; }},
      {"context name instead of id", [](JobIdentity& job) { job.context_ids = {"guard"}; }},
      {"empty origin", [](JobIdentity& job) { job.vcs->origin.clear(); }},
      {"origin with scheme", [](JobIdentity& job) { job.vcs->origin = "https://github.com/a/b"; }},
      {"origin with a line break", [](JobIdentity& job) { job.vcs->origin = "github.com/a\n/b"; }},
      {"short ref", [](JobIdentity& job) { job.vcs->ref = "main"; }},
      {"pull request's ref", [](JobIdentity& job) { job.vcs->ref = "refs/pull/1/head"; }},
      {"empty branch", [](JobIdentity& job) { job.vcs->ref = "refs/heads/"; }},
      {"ref with a space", [](JobIdentity& job) { job.vcs->ref = "refs/heads/a b"; }},
  };
  for (const auto& [why, change] : cases) {
    JobIdentity job = pushed_job();
    change(job);
    EXPECT_EQ(code_of(job), "incomplete_identity") << why;
  }
}

TEST(JobIdentity, ForksNeedPermissionAndTheirOwnOrigin) {
  EXPECT_EQ(code_of(forked_job()), "");

  JobIdentity job = forked_job();
  job.project_passes_secrets_to_forks = false;
  EXPECT_EQ(code_of(job), "fork_without_secrets");

  // The parent's protected branch in the token of a fork's build: the mistake of others.
  job = forked_job();
  job.vcs->origin = job.project_vcs_origin;
  EXPECT_EQ(code_of(job), "fork_claims_own_origin");

  // Nobody can tell the two apart: no token.
  job = forked_job();
  job.project_vcs_origin.clear();
  EXPECT_EQ(code_of(job), "fork_claims_own_origin");

  job = forked_job();
  job.vcs.reset();
  EXPECT_EQ(code_of(job), "incomplete_identity");
}

}  // namespace
}  // namespace imp::ci
