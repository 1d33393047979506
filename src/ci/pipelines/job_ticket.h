#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ci/config/compiled.h"
#include "ci/contexts/context_variables.h"
#include "ci/pipelines/pipeline.h"
#include "ci/pipelines/pipeline_facts.h"
#include "ci/runner/protocol.h"

namespace imp::ci {

/// The part of a ticket that the configuration and the commit decide: steps, image, the job's own
/// environment. Holds no secret, no number and no lease; it is stored with the job.
runner::JobTicket ticket_template(const config::Job& job, const PipelineFacts& facts,
                                  std::string_view public_url);

/// What is known about a job when a runner takes it.
struct TicketFacts : PipelineFacts {
  Workflow workflow;
  Job job;
};

/// Secrets that this job may have.
struct JobSecrets {
  std::vector<std::pair<std::string, std::string>> project;
  std::vector<SecretVariable> contexts;   ///< each name once
  std::string oidc_token, oidc_token_v2;  ///< empty: there is none
  std::string checkout_credential;        ///< password of the user `job_user`
};

/// The user name that git sends with a job's checkout credential.
inline constexpr std::string_view job_user = "job";

/// Adds the environment in order of precedence, the values to be masked and the credential for the
/// checkout. What is masked, ci/runner/secret_forms.h says.
void complete_ticket(runner::JobTicket& ticket, const TicketFacts& facts, const JobSecrets& secrets,
                     std::string_view public_url);

/// The page of a job, `<public-url>/job/<id>`: CIRCLE_BUILD_URL.
std::string build_url(std::string_view public_url, std::string_view job_id);

}  // namespace imp::ci
