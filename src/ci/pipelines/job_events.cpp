#include "ci/pipelines/job_events.h"

#include "base/encoding.h"

namespace imp::ci {
namespace {

constexpr std::int64_t output_limit = 128ll << 20;

JobStatus status_of(runner::JobOutcome outcome) {
  switch (outcome) {
    case runner::JobOutcome::success:
      return JobStatus::success;
    case runner::JobOutcome::failed:
      return JobStatus::failed;
    case runner::JobOutcome::timedout:
      return JobStatus::timedout;
    case runner::JobOutcome::infrastructure_fail:
      return JobStatus::infrastructure_fail;
    case runner::JobOutcome::canceled:
      return JobStatus::canceled;
  }
  return JobStatus::infrastructure_fail;
}

class EventWriter {
 public:
  EventWriter(db::Session& session, const JobRow& row)
      : session_(session), job_id_(row.job.id), output_bytes_(row.output_bytes) {}

  void write(const runner::Event& event, const runner::StepStarted& started) {
    session_.run(
        "INSERT INTO ci_job_steps (job_id, step, name, outcome, started) VALUES (:p1, :p2, :p3, "
        "'running', :p4) ON CONFLICT DO NOTHING",
        {job_id_, std::int64_t{started.step}, storable(started.name), event.at});
  }
  void write(const runner::Event& event, const runner::StepOutput& output) {
    output_bytes_ += static_cast<std::int64_t>(output.bytes.size());
    if (output_bytes_ > output_limit) return;
    session_.run(
        "INSERT INTO ci_job_output (job_id, sequence, step, bytes) VALUES (:p1, :p2, :p3, :p4)",
        {job_id_, static_cast<std::int64_t>(event.sequence), std::int64_t{output.step},
         base64(bytes_of(output.bytes))});
  }
  void write(const runner::Event& event, const runner::StepFinished& finished) {
    db::Value exit_code;
    if (finished.exit_code) exit_code = std::int64_t{*finished.exit_code};
    session_.run(
        "UPDATE ci_job_steps SET outcome = :p1, exit_code = :p2, stopped = :p3 WHERE job_id = :p4 "
        "AND step = :p5",
        {std::string(runner::name(finished.outcome)), exit_code, event.at, job_id_,
         std::int64_t{finished.step}});
  }
  void save(std::uint64_t accepted) {
    session_.run("UPDATE ci_jobs SET accepted = :p1, output_bytes = :p2 WHERE id = :p3",
                 {static_cast<std::int64_t>(accepted), output_bytes_, job_id_});
  }

 private:
  db::Session& session_;
  std::string job_id_;
  std::int64_t output_bytes_;
};

}  // namespace

std::uint64_t apply_events(db::Session& session, const JobRow& row,
                           const std::vector<runner::Event>& events, Time now, Changes& changes) {
  std::uint64_t accepted = row.accepted;
  EventWriter writer(session, row);
  const runner::JobFinished* end = nullptr;
  for (const runner::Event& event : events) {
    if (event.sequence <= accepted) continue;
    if (event.sequence != accepted + 1 || end) break;
    accepted = event.sequence;
    if (const auto* started = std::get_if<runner::StepStarted>(&event.what)) {
      writer.write(event, *started);
    } else if (const auto* output = std::get_if<runner::StepOutput>(&event.what)) {
      writer.write(event, *output);
    } else if (const auto* finished = std::get_if<runner::StepFinished>(&event.what)) {
      writer.write(event, *finished);
    } else {
      end = &std::get<runner::JobFinished>(event.what);
    }
  }
  if (accepted == row.accepted) return accepted;
  writer.save(accepted);
  if (end) {
    end_open_steps(session, row.job.id, now);
    const bool halted = end->halted && end->message.empty();
    end_job(session, row.job, status_of(end->outcome),
            halted ? "Ended early by `circleci step halt`." : end->message, now, changes);
  }
  changes.add(job_topic(row.job.id));
  return accepted;
}

void abandon(db::Session& session, const JobRow& row, std::string_view reason, Time now,
             Changes& changes) {
  session.run("UPDATE ci_jobs SET lease_hash = '' WHERE id = :p1", {row.job.id});
  end_open_steps(session, row.job.id, now);
  end_job(session, row.job,
          row.job.cancel_requested ? JobStatus::canceled : JobStatus::infrastructure_fail, reason,
          now, changes);
}

void end_open_steps(db::Session& session, std::string_view job_id, Time now) {
  session.run(
      "UPDATE ci_job_steps SET outcome = 'canceled', stopped = :p1 WHERE job_id = :p2 AND outcome "
      "= 'running'",
      {to_milliseconds(now), std::string(job_id)});
}

}  // namespace imp::ci
