#pragma once

#include <string>

#include "ci/expressions/environment.h"
#include "ci/identity/job_identity.h"
#include "ci/pipelines/job_ticket.h"
#include "ci/pipelines/rows.h"
#include "db/database.h"

namespace imp::ci {

/// Everything around a job, as it is now.
TicketFacts facts_of(db::Session& session, const Job& job);

/// Whether the job builds a fork of a project that passes nothing to forks: then it gets no
/// variable of the project, no context and no identity token.
bool is_withheld(const TicketFacts& facts);

/// The id of the person who uses the job's contexts: whoever approved last among the approvals that
/// it depends on in this workflow, else the workflow's actor. An approval that a rerun took over
/// does not count: whoever runs it again answers for it. Empty for nobody.
std::string context_person(db::Session& session, const TicketFacts& facts);

/// What context restrictions may refer to: the pipeline's values and `job.ssh.enabled`.
expr::Environment restriction_values(db::Session& session, const TicketFacts& facts);

/// Who the job is, for its tokens. A fork's build carries the fork's origin and a ref that is no
/// branch of its own name ("refs/heads/pull/7"), so that it never passes for a protected branch.
JobIdentity identity_of(const TicketFacts& facts, std::vector<std::string> context_ids);

}  // namespace imp::ci
