#include "registry/trust/run_end.h"

#include "audit/log.h"
#include "db/forgotten.h"
#include "registry/packages/store.h"
#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

/// The job, in claims of CircleCI's shape.
constexpr std::string_view kJob = "oidc.circleci.com/job-id";
/// Longer than any identity token of this server's own is accepted.
constexpr Milliseconds kEndedRunKept = std::chrono::hours(24);
constexpr db::Marks kEnds{.table = "ended_run",
                          .issuer = "issuer_id",
                          .time = "ended_at",
                          .forgotten = "forgotten_run_end"};

bool has_ended(db::Session& session, std::string_view issuer_id, std::string_view run) {
  return session
      .row("SELECT 1 FROM ended_run WHERE issuer_id = :p1 AND run = :p2",
           {std::string(issuer_id), std::string(run)})
      .has_value();
}

void revoke(db::Session& session, const db::Row& token, std::string_view run, Time now) {
  // An expired one too: the clock may be set back. But its end is no news.
  session.run("UPDATE publish_token SET revoked_at = :p2 WHERE id = :p1",
              {token.text(0), to_milliseconds(now)});
  if (token.integer(3) <= to_milliseconds(now)) return;
  const std::string& name = token.text(1);
  const auto package = registry::find_package(session, name);
  audit::Record record;
  record.at = now;
  record.actor = "system";
  record.action = "trust.token_revoke";
  record.subject = "package:" + name;
  record.outcome = "granted";
  if (package) record.organization = package->owner;
  record.detail = {{"token", token.text(0)},
                   {"publisher", token.text(2)},
                   {"reason", "run_ended"},
                   {"run", run}};
  audit::append(session, record);
}

}  // namespace

std::string run_key(const Issuer& issuer, const boost::json::object& claims) {
  if (!issuer.own) return {};
  return std::string(string_claim(claims, kJob).value_or(""));
}

void remember_run(db::Session& session, std::string_view token_id, std::string_view issuer_id,
                  std::string_view run, Time expires_at) {
  if (run.empty()) return;
  session.run(
      "INSERT INTO publish_token_run (token_id, issuer_id, run, expires_at) VALUES (:p1, :p2, :p3, "
      ":p4)",
      {std::string(token_id), std::string(issuer_id), std::string(run),
       to_milliseconds(expires_at)});
}

Result<void> still_runs(db::Session& session, std::string_view issuer_id, std::string_view run,
                        Time issued_at, Time now) {
  if (run.empty()) return {};
  if (has_ended(session, issuer_id, run)) {
    return refuse(TrustRefusal::run_ended,
                  "The job that this identity token was issued to has ended or was canceled, so it "
                  "gets no publish token any more. Publish from a job that is running.");
  }
  // Had it ended, then after the token was issued, and before now; or a little before the one and
  // after the other, when the clock is put right in between.
  if (!db::may_be_forgotten(session, kEnds, issuer_id, issued_at - kClockCorrection,
                            now + kClockCorrection)) {
    return {};
  }
  return refuse(TrustRefusal::clock_set_back,
                "The registry's clock was ahead and was set back, and whether the job that this "
                "identity token was issued to has ended is not known any more. Exchange a fresh "
                "one in ten minutes: run `circleci run oidc get` again.");
}

void end_run(db::Session& session, std::string_view issuer_id, std::string_view run, Time now) {
  if (run.empty()) return;
  if (!session.insert_if_absent("INSERT INTO ended_run (issuer_id, run, ended_at) VALUES (:p1, "
                                ":p2, :p3) ON CONFLICT DO NOTHING",
                                {std::string(issuer_id), std::string(run), to_milliseconds(now)})) {
    return;
  }
  for (const db::Row& token : session.rows(
           "SELECT t.id, t.package_name, t.publisher_id, t.expires_at FROM publish_token_run r "
           "JOIN publish_token t ON t.id = r.token_id "
           "WHERE r.issuer_id = :p1 AND r.run = :p2 AND t.revoked_at IS NULL ORDER BY t.id",
           {std::string(issuer_id), std::string(run)})) {
    revoke(session, token, run, now);
  }
}

bool is_of_ended_run(db::Session& session, std::string_view token_id) {
  return session
      .row(
          "SELECT 1 FROM publish_token_run r JOIN ended_run e ON e.issuer_id = r.issuer_id AND "
          "e.run = r.run WHERE r.token_id = :p1",
          {std::string(token_id)})
      .has_value();
}

std::unexpected<Failure> token_of_ended_run() {
  return refuse(TrustRefusal::run_ended,
                "The job that this publish token was given to has ended or was canceled, and the "
                "token with it. Publish from a job that is running.");
}

void forget_runs(db::Session& session, Time before, Time now) {
  session.run("DELETE FROM publish_token_run WHERE expires_at < :p1", {to_milliseconds(before)});
  db::forget(session, kEnds, now - kEndedRunKept);
}

std::vector<db::Migration> run_migrations() {
  return {{"trust_runs/1",
           "CREATE TABLE publish_token_run (\n"
           "  token_id TEXT PRIMARY KEY, issuer_id TEXT NOT NULL, run TEXT NOT NULL,\n"
           "  expires_at BIGINT NOT NULL);\n"
           "CREATE INDEX publish_token_run_run ON publish_token_run (issuer_id, run);\n"
           "CREATE INDEX publish_token_run_expiry ON publish_token_run (expires_at);\n"
           "CREATE TABLE ended_run (\n"
           "  issuer_id TEXT NOT NULL, run TEXT NOT NULL, ended_at BIGINT NOT NULL,\n"
           "  PRIMARY KEY (issuer_id, run));\n"
           "CREATE INDEX ended_run_age ON ended_run (ended_at);\n"},
          {"trust_order/1",
           "CREATE TABLE forgotten_run_end (\n"
           "  issuer TEXT NOT NULL, day BIGINT NOT NULL, ended_at BIGINT NOT NULL,\n"
           "  PRIMARY KEY (issuer, day));\n"}};
}

}  // namespace imp::trust
