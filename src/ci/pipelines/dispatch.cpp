#include "ci/pipelines/dispatch.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "crypto/hash.h"

namespace imp::ci {
namespace {

constexpr std::string_view withheld_note =
    "This build of a fork's pull request gets no project variables, no contexts and no identity "
    "token: the project does not pass secrets to builds from forked pull requests.";
constexpr std::string_view ssh_note =
    "Rerun with SSH: identity tokens and contexts see it as such. This server opens no shell into "
    "the job.";

std::optional<JobRow> next_queued(db::Session& session, const std::vector<std::string>& labels) {
  std::string condition = "status = 'queued'";
  std::vector<db::Value> parameters;
  if (!labels.empty()) {
    condition += " AND (resource_class = ''";
    for (const std::string& label : labels) {
      parameters.emplace_back(label);
      condition += fmt::format(" OR resource_class = :p{}", parameters.size());
    }
    condition += ")";
  }
  auto rows = find_jobs(session, condition + " ORDER BY queued, number LIMIT 1", parameters);
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

std::string purpose(std::string_view job_id) { return "job-ticket/" + std::string(job_id); }

/// A fault of this server or its store, which may be gone at the next try.
bool is_temporary(const Failure& failure) {
  return failure.kind() == FailureKind::internal || failure.kind() == FailureKind::unavailable;
}

std::string note_for(const TicketFacts& facts, bool withheld) {
  std::string note;
  if (withheld) note = withheld_note;
  if (facts.job.ssh) note += (note.empty() ? "" : " ") + std::string(ssh_note);
  return note;
}

std::string list_of(const std::vector<std::string>& ids) {
  return boost::json::serialize(boost::json::array(ids.begin(), ids.end()));
}

}  // namespace

Result<std::optional<runner::JobTicket>> JobDispatch::claim(const RunnerIdentity& runner,
                                                            const runner::ClaimRequest& request) {
  for (;;) {
    Changes changes(services_.job_over);
    auto taken = services_.database.write([&](db::Session& session) -> Result<Taken> {
      return take(session, runner, request, changes);
    });
    if (!taken) return pass_on(taken);
    changes.notify(services_.waiters);
    if (taken->sealed_ticket) return open(taken->job_id, *taken->sealed_ticket);
    if (taken->prepared) {
      auto ticket = hand_over(runner, request, std::move(*taken->prepared));
      if (!ticket || *ticket) return ticket;
    } else if (!taken->ended_one) {
      return std::nullopt;
    }
  }
}

JobDispatch::Taken JobDispatch::take(db::Session& session, const RunnerIdentity& runner,
                                     const runner::ClaimRequest& request, Changes& changes) {
  if (is_given_back(request.claim_id)) return {};
  const auto before =
      find_jobs(session, "claim_id = :p1 AND runner_id = :p2 AND status = 'running'",
                {request.claim_id, runner.id});
  const auto row = before.empty() ? next_queued(session, request.labels) : before.front();
  if (!row) return {};
  Taken taken;
  taken.job_id = row->job.id;
  // Given to this claim before, and cancelled since: its runner has not begun it, or would know.
  if (row->job.cancel_requested) {
    end_job(session, row->job, JobStatus::canceled, {}, services_.clock.now(), changes);
    taken.ended_one = true;
    return taken;
  }
  if (auto sealed = sealed_ticket_of(session, row->job.id); !sealed.empty()) {
    session.run("UPDATE ci_jobs SET lease_expires = :p1 WHERE id = :p2",
                {lease_end(), row->job.id});
    taken.sealed_ticket = std::move(sealed);
    return taken;
  }
  taken.prepared = prepare(session, *row, changes);
  if (!taken.prepared) {
    taken.ended_one = true;
    return taken;
  }
  const Prepared& prepared = *taken.prepared;
  session.run(
      "UPDATE ci_jobs SET status = 'running', started = :p1, runner_id = :p2, runner_name = :p3, "
      "claim_id = :p4, lease_expires = :p5, context_ids = :p6, reason = :p7 WHERE id = :p8",
      {to_milliseconds(services_.clock.now()), runner.id,
       storable(request.runner_name.empty() ? runner.name : request.runner_name), request.claim_id,
       lease_end(), list_of(prepared.context_ids), note_for(prepared.facts, prepared.withheld),
       row->job.id});
  advance_workflow(session, row->job.workflow_id, services_.clock.now(), changes);
  changes.add(job_topic(row->job.id));
  return taken;
}

std::optional<JobDispatch::Prepared> JobDispatch::prepare(db::Session& session, const JobRow& row,
                                                          Changes& changes) const {
  Prepared prepared;
  prepared.facts = facts_of(session, row.job);
  prepared.ticket_template = ticket_template_of(session, row.job.id);
  prepared.withheld = is_withheld(prepared.facts);
  if (prepared.withheld) return prepared;
  if (!release_contexts(session, prepared, changes)) return std::nullopt;
  auto variables = services_.variables.values(session, row.job.project_id);
  if (!variables) {
    end_job(session, row.job, JobStatus::infrastructure_fail, variables.error().message,
            services_.clock.now(), changes);
    return std::nullopt;
  }
  prepared.secrets.project = std::move(*variables);
  return prepared;
}

bool JobDispatch::release_contexts(db::Session& session, Prepared& prepared,
                                   Changes& changes) const {
  const TicketFacts& facts = prepared.facts;
  if (facts.job.contexts.empty()) return true;
  const expr::Environment values = restriction_values(session, facts);
  auto released =
      services_.contexts.release(session, {.organization_id = facts.project.organization_id,
                                           .project_id = facts.project.id,
                                           .job_id = facts.job.id,
                                           .context_names = facts.job.contexts,
                                           .person_id = context_person(session, facts),
                                           .values = &values});
  const auto end = [&](JobStatus status, const std::string& reason) {
    end_job(session, facts.job, status, reason, services_.clock.now(), changes);
    services_.metrics.count("imprimatur_jobs_withheld_total", {{"status", name(status)}});
    return false;
  };
  // What cannot be opened must neither run without it nor stay at the head of the queue.
  if (!released) return end(JobStatus::infrastructure_fail, released.error().message);
  switch (released->access.outcome) {
    case AccessOutcome::unauthorized:
      return end(JobStatus::unauthorized, released->access.reason);
    case AccessOutcome::unknown_context:
      return end(JobStatus::failed, released->access.reason);
    case AccessOutcome::allowed:
      break;
  }
  prepared.context_ids = std::move(released->access.context_ids);
  prepared.secrets.contexts = std::move(released->variables);
  return true;
}

Result<std::optional<runner::JobTicket>> JobDispatch::hand_over(const RunnerIdentity& runner,
                                                                const runner::ClaimRequest& request,
                                                                Prepared prepared) {
  auto ticket = runner::decode<runner::JobTicket>(prepared.ticket_template);
  if (ticket) {
    ticket->job_id = prepared.facts.job.id;
    ticket->lease = services_.random.alphanumeric(40);
    ticket->lease_seconds = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(services_.lease).count());
  }
  Changes changes(services_.job_over);
  // The inner result is a fault that may be gone when the claim is repeated; it is recorded.
  const auto stored = services_.database.write(
      [&](db::Session& session) -> Result<Result<std::optional<std::string>>> {
        const auto row = find_job(session, prepared.facts.job.id);
        if (!row || row->job.status != JobStatus::running || row->claim_id != request.claim_id ||
            row->runner_id != runner.id) {
          return std::nullopt;
        }
        if (row->job.cancel_requested) {
          end_job(session, row->job, JobStatus::canceled, {}, services_.clock.now(), changes);
          return std::nullopt;
        }
        // The same claim, asked twice at once, was answered already.
        if (auto before = sealed_ticket_of(session, row->job.id); !before.empty()) {
          return std::optional(std::move(before));
        }
        if (!ticket) {
          give_up(session, row->job, ticket.error(), changes);
          return std::nullopt;
        }
        return store_ticket(session, *row, prepared, *ticket, changes);
      });
  if (!stored) return pass_on(stored);
  changes.notify(services_.waiters);
  if (!*stored) return pass_on(*stored);
  if (!**stored) return std::nullopt;
  return open(prepared.facts.job.id, ***stored);
}

Result<std::optional<std::string>> JobDispatch::store_ticket(db::Session& session,
                                                             const JobRow& row, Prepared& prepared,
                                                             runner::JobTicket& ticket,
                                                             Changes& changes) {
  JobSecrets& secrets = prepared.secrets;
  if (!prepared.withheld) {
    auto tokens = services_.issuer.mint_for_environment(
        session, identity_of(prepared.facts, prepared.context_ids));
    if (!tokens) {
      if (is_temporary(tokens.error())) return pass_on(tokens);
      give_up(session, row.job, tokens.error(), changes);
      return std::nullopt;
    }
    secrets.oidc_token = std::move(tokens->v1);
    secrets.oidc_token_v2 = std::move(tokens->v2);
  }
  secrets.checkout_credential = "impjob_" + services_.random.alphanumeric(40);
  complete_ticket(ticket, prepared.facts, secrets, services_.public_url);
  std::string sealed = services_.sealer.seal(runner::encode(ticket), purpose(row.job.id));
  session.run(
      "UPDATE ci_jobs SET lease_hash = :p1, credential_hash = :p2, lease_expires = :p3 WHERE id = "
      ":p4",
      {crypto::sha256_hex(ticket.lease), crypto::sha256_hex(secrets.checkout_credential),
       lease_end(), row.job.id});
  set_sealed_ticket(session, row.job.id, sealed);
  return sealed;
}

Result<void> JobDispatch::give_back(const RunnerIdentity& runner,
                                    const runner::GiveBackRequest& request) {
  {
    constexpr std::size_t remembered = 1000;
    const std::lock_guard lock(mutex_);
    given_back_.push_back(request.claim_id);
    if (given_back_.size() > remembered) given_back_.pop_front();
  }
  Changes changes(services_.job_over);
  auto done = services_.database.write([&](db::Session& session) -> Result<void> {
    for (const JobRow& row : find_jobs(
             session, "claim_id = :p1 AND runner_id = :p2 AND status = 'running' AND accepted = 0",
             {request.claim_id, runner.id})) {
      if (row.job.cancel_requested) {
        end_job(session, row.job, JobStatus::canceled, {}, services_.clock.now(), changes);
        continue;
      }
      session.run(
          "UPDATE ci_jobs SET status = 'queued', started = NULL, runner_id = '', runner_name = '', "
          "claim_id = '', lease_hash = '', lease_expires = NULL, credential_hash = '', "
          "context_ids = '[]', reason = '' WHERE id = :p1",
          {row.job.id});
      set_sealed_ticket(session, row.job.id, "");
      advance_workflow(session, row.job.workflow_id, services_.clock.now(), changes);
      changes.add(std::string(queue_topic));
      changes.add(job_topic(row.job.id));
    }
    return {};
  });
  if (done) changes.notify(services_.waiters);
  return done;
}

bool JobDispatch::is_given_back(const std::string& claim_id) {
  const std::lock_guard lock(mutex_);
  return std::ranges::find(given_back_, claim_id) != given_back_.end();
}

void JobDispatch::give_up(db::Session& session, const Job& job, const Failure& failure,
                          Changes& changes) const {
  services_.log.error("job not dispatched", {{"job", job.id}, {"reason", failure.message}});
  end_job(session, job, JobStatus::infrastructure_fail, failure.message, services_.clock.now(),
          changes);
}

Result<std::optional<runner::JobTicket>> JobDispatch::open(std::string_view job_id,
                                                           std::string_view sealed) const {
  const auto text = services_.sealer.open(sealed, purpose(job_id));
  if (!text) return pass_on(text);
  auto ticket = runner::decode<runner::JobTicket>(*text);
  if (!ticket) return pass_on(ticket);
  return std::move(*ticket);
}

}  // namespace imp::ci
