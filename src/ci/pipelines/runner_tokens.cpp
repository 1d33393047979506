#include "ci/pipelines/runner_tokens.h"

#include <fmt/format.h>

#include <algorithm>

#include "audit/log.h"
#include "base/encoding.h"
#include "base/uuid.h"
#include "ci/contexts/audit_record.h"
#include "ci/pipelines/job_events.h"
#include "ci/pipelines/refusal.h"
#include "crypto/hash.h"

namespace imp::ci {
namespace {

constexpr std::string_view prefix = "imprun_";
constexpr std::size_t name_limit = 100;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= name_limit && is_utf8(name) &&
         std::ranges::none_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

void abandon_all(db::Session& session, std::string_view runner_id, Time now, Changes& changes) {
  for (const JobRow& row :
       find_jobs(session, "status = 'running' AND runner_id = :p1", {std::string(runner_id)})) {
    abandon(session, row, fmt::format("The runner {} is gone.", row.job.runner_name), now, changes);
  }
}

RunnerIdentity identity_of(const db::Row& row) {
  return {row.text(0), row.text(1), from_milliseconds(row.integer(2))};
}

}  // namespace

Result<std::string> RunnerTokens::create(std::string_view name, const accounts::Actor& by) {
  if (!is_name(name)) {
    return refuse(PipelineRefusal::invalid_runner_name,
                  "A runner's name has 1 to 100 characters and no control characters.");
  }
  const std::string token = std::string(prefix) + services_.random.alphanumeric(40);
  return services_.database.write([&](db::Session& session) -> Result<std::string> {
    const std::string id = new_uuid();
    const Time now = services_.clock.now();
    session.run(
        "INSERT INTO ci_runner_tokens (id, name, hash, created) VALUES (:p1, :p2, :p3, :p4)",
        {id, std::string(name), crypto::sha256_hex(token), to_milliseconds(now)});
    audit::append(session, audit_record(by, "runner.token.create", "runner:" + id, "", now,
                                        {{"name", name}}));
    return token;
  });
}

Result<RunnerIdentity> RunnerTokens::verify(std::string_view token) const {
  const auto refused = [] {
    return refuse(PipelineRefusal::runner_token_refused,
                  "This is not the token of a runner of this server.");
  };
  if (!token.starts_with(prefix)) return refused();
  return services_.database.read([&](db::Session& session) -> Result<RunnerIdentity> {
    const auto row = session.row("SELECT id, name, created FROM ci_runner_tokens WHERE hash = :p1",
                                 {crypto::sha256_hex(token)});
    if (!row) return refused();
    return identity_of(*row);
  });
}

Result<std::vector<RunnerIdentity>> RunnerTokens::list() const {
  return services_.database.read([&](db::Session& session) -> Result<std::vector<RunnerIdentity>> {
    std::vector<RunnerIdentity> out;
    for (const db::Row& row :
         session.rows("SELECT id, name, created FROM ci_runner_tokens ORDER BY name, id")) {
      out.push_back(identity_of(row));
    }
    return out;
  });
}

Result<void> RunnerTokens::abandon_jobs(std::string_view id) {
  Changes changes(services_.job_over);
  auto done = services_.database.write([&](db::Session& session) -> Result<void> {
    abandon_all(session, id, services_.clock.now(), changes);
    return {};
  });
  if (done) changes.notify(services_.waiters);
  return done;
}

Result<void> RunnerTokens::revoke(std::string_view id, const accounts::Actor& by) {
  Changes changes(services_.job_over);
  auto done = services_.database.write([&](db::Session& session) -> Result<void> {
    const Time now = services_.clock.now();
    abandon_all(session, id, now, changes);
    if (session.run("DELETE FROM ci_runner_tokens WHERE id = :p1", {std::string(id)}) == 0) {
      return refuse(PipelineRefusal::runner_token_not_found, "There is no such runner.");
    }
    audit::append(
        session, audit_record(by, "runner.token.revoke", "runner:" + std::string(id), "", now, {}));
    return {};
  });
  if (done) changes.notify(services_.waiters);
  return done;
}

}  // namespace imp::ci
