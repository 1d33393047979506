#include "ci/pipelines/running_jobs.h"

#include <fmt/format.h>

#include "ci/pipelines/job_events.h"
#include "ci/pipelines/job_facts.h"
#include "ci/pipelines/refusal.h"
#include "crypto/hash.h"

namespace imp::ci {
namespace {

std::unexpected<Failure> job_canceled() {
  return refuse(PipelineRefusal::job_canceled,
                "The job has been canceled: it gets no identity token and moves no deploy marker.");
}

std::unexpected<Failure> lease_lost() {
  return refuse(PipelineRefusal::lease_lost,
                "This lease does not hold the job: it ended, or its time is over.");
}

bool is_lease_of(const JobRow& row, const RunnerIdentity& runner, std::string_view lease) {
  return row.runner_id == runner.id && !row.lease_hash.empty() &&
         crypto::equal_in_constant_time(row.lease_hash, crypto::sha256_hex(lease));
}

DeployJob deploy_job_of(const TicketFacts& facts) {
  return {.organization_id = facts.project.organization_id,
          .project_id = facts.project.id,
          .project_name = facts.project.name,
          .pipeline_id = facts.pipeline.id,
          .workflow_id = facts.workflow.id,
          .job_id = facts.job.id,
          .job_number = facts.job.number.value_or(0)};
}

/// A flag that was given, or else the default that the target has.
void set_if_given(std::string& target, const std::string& flag) {
  if (!flag.empty()) target = flag;
}

DeployPlan plan_of(const runner::ReleaseRequest& request) {
  DeployPlan plan;
  set_if_given(plan.deploy_name, request.deploy_name);
  plan.target_version = request.target_version;
  plan.environment_name = request.environment_name;
  plan.component_name = request.component_name;
  set_if_given(plan.namespace_name, request.name_space);
  set_if_given(plan.release_strategy, request.release_strategy);
  plan.rollback = request.rollback;
  return plan;
}

DeployUpdate update_of(const runner::ReleaseRequest& request) {
  DeployUpdate update;
  set_if_given(update.deploy_name, request.deploy_name);
  update.status = request.status;
  update.failure_reason = request.failure_reason;
  update.keep_target_version_live = request.keep_target_version_live;
  return update;
}

Result<Deployment> carry_out(db::Session& session, DeployMarkers& markers, const DeployJob& job,
                             const runner::ReleaseRequest& request) {
  switch (request.action) {
    case runner::ReleaseAction::plan:
      return markers.plan(session, job, plan_of(request));
    case runner::ReleaseAction::update:
      return markers.update(session, job, update_of(request));
    case runner::ReleaseAction::log:
      return markers.log(session, job, plan_of(request));
  }
  return lease_lost();
}

}  // namespace

Result<JobRow> RunningJobs::held(db::Session& session, const RunnerIdentity& runner,
                                 std::string_view job_id, std::string_view lease) const {
  auto row = find_job(session, job_id);
  if (!row || row->job.status != JobStatus::running || !is_lease_of(*row, runner, lease)) {
    return lease_lost();
  }
  session.run("UPDATE ci_jobs SET lease_expires = :p1 WHERE id = :p2",
              {to_milliseconds(services_.clock.now() + services_.lease), row->job.id});
  return std::move(*row);
}

Result<runner::HeartbeatReply> RunningJobs::heartbeat(const RunnerIdentity& runner,
                                                      std::string_view job_id,
                                                      const runner::HeartbeatRequest& request) {
  return services_.database.write([&](db::Session& session) -> Result<runner::HeartbeatReply> {
    const auto row = held(session, runner, job_id, request.lease);
    if (!row) return pass_on(row);
    return runner::HeartbeatReply{row->job.cancel_requested};
  });
}

Result<runner::EventReply> RunningJobs::apply(const RunnerIdentity& runner, std::string_view job_id,
                                              const runner::EventBatch& batch) {
  Changes changes(services_.job_over);
  auto reply = services_.database.write([&](db::Session& session) -> Result<runner::EventReply> {
    const auto ended = find_job(session, job_id);
    // The answer to the batch that ended the job was lost on its way.
    if (ended && has_ended(ended->job.status) && is_lease_of(*ended, runner, batch.lease) &&
        batch.events.back().sequence <= ended->accepted) {
      return runner::EventReply{ended->accepted, false};
    }
    const auto row = held(session, runner, job_id, batch.lease);
    if (!row) return pass_on(row);
    const std::uint64_t accepted =
        apply_events(session, *row, batch.events, services_.clock.now(), changes);
    return runner::EventReply{accepted, row->job.cancel_requested};
  });
  if (reply) changes.notify(services_.waiters);
  return reply;
}

Result<runner::TokenReply> RunningJobs::identity_token(const RunnerIdentity& runner,
                                                       std::string_view job_id,
                                                       const runner::TokenRequest& request) {
  // The inner result is the issuer's, whose refusals are recorded and so commit.
  auto token = services_.database.write([&](db::Session& session) -> Result<Result<std::string>> {
    const auto row = held(session, runner, job_id, request.lease);
    if (!row) return pass_on(row);
    if (row->job.cancel_requested) return job_canceled();
    return services_.issuer.mint(session,
                                 identity_of(facts_of(session, row->job), row->context_ids),
                                 {request.claims, request.root_issuer});
  });
  if (!token) return pass_on(token);
  if (!*token) return pass_on(*token);
  return runner::TokenReply{std::move(**token)};
}

Result<runner::ReleaseReply> RunningJobs::release(const RunnerIdentity& runner,
                                                  std::string_view job_id,
                                                  const runner::ReleaseRequest& request) {
  const auto deployment = services_.database.write([&](db::Session& session) -> Result<Deployment> {
    const auto row = held(session, runner, job_id, request.lease);
    if (!row) return pass_on(row);
    if (row->job.cancel_requested) return job_canceled();
    const TicketFacts facts = facts_of(session, row->job);
    if (is_withheld(facts)) {
      return refuse(IdentityRefusal::fork_without_secrets,
                    "Builds of forks move no deploy markers: the project does not pass secrets to "
                    "builds from forked pull requests.");
    }
    return carry_out(session, services_.deploys, deploy_job_of(facts), request);
  });
  if (!deployment) return pass_on(deployment);
  const std::string_view status =
      deployment->status == DeployStatus::logged ? "logged" : name(deployment->status);
  return runner::ReleaseReply{fmt::format("{} {} in {}: {}", deployment->component_name,
                                          deployment->target_version, deployment->environment_name,
                                          status)};
}

Result<void> RunningJobs::expire_leases() {
  Changes changes(services_.job_over);
  auto done = services_.database.write([&](db::Session& session) -> Result<void> {
    const Time now = services_.clock.now();
    for (const JobRow& row :
         find_jobs(session, "status = 'running' AND lease_expires < :p1 LIMIT 100",
                   {to_milliseconds(now)})) {
      abandon(
          session, row,
          fmt::format("The runner {} was not heard of for {} seconds.", row.job.runner_name,
                      std::chrono::duration_cast<std::chrono::seconds>(services_.lease).count()),
          now, changes);
      services_.metrics.count("imprimatur_job_leases_expired_total");
    }
    return {};
  });
  if (done) changes.notify(services_.waiters);
  return done;
}

Result<void> RunningJobs::extend_leases() {
  return services_.database.write([&](db::Session& session) -> Result<void> {
    session.run(
        "UPDATE ci_jobs SET lease_expires = :p1 WHERE status = 'running' AND lease_expires < :p2",
        {to_milliseconds(services_.clock.now() + services_.lease),
         to_milliseconds(services_.clock.now() + services_.lease)});
    return {};
  });
}

Result<bool> RunningJobs::may_read(std::string_view credential, std::string_view project_id) const {
  if (!credential.starts_with("impjob_")) return false;
  return services_.database.read([&](db::Session& session) -> Result<bool> {
    const auto row = session.row(
        "SELECT p.source_project_id FROM ci_jobs j JOIN ci_pipelines p ON p.id = j.pipeline_id "
        "WHERE j.credential_hash = :p1 AND j.status = 'running'",
        {crypto::sha256_hex(credential)});
    return row && row->text(0) == project_id;
  });
}

}  // namespace imp::ci
