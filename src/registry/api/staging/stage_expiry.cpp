#include "registry/api/staging/stage_expiry.h"

#include "audit/log.h"
#include "registry/api/requester.h"
#include "registry/api/staging/stage_news.h"
#include "registry/api/staging/stage_record.h"
#include "registry/staging/stage_decision.h"

namespace imp::registry {

namespace {

Result<void> forget_outcomes(RegistryServices& services) {
  constexpr std::int64_t kAtOnce = 1000;
  const Time now = services.clock.now();
  const auto due = services.database.read(
      [&](db::Session& session) -> Result<bool> { return any_old_outcome(session, now); });
  if (!due) return pass_on(due);
  if (!*due) return {};
  return services.database.write([&](db::Session& session) -> Result<void> {
    forget_old_outcomes(session, now, kAtOnce);
    return {};
  });
}

}  // namespace

Result<void> expire_releases(RegistryServices& services) {
  constexpr std::int64_t kAtOnce = 100;  // so that a publish need not wait for all of them
  while (true) {
    // Most rounds have nothing to do, and then nothing is written.
    const auto due = services.database.read([&](db::Session& session) -> Result<bool> {
      return any_expired(session, services.clock.now());
    });
    if (!due) return pass_on(due);
    if (!*due) return forget_outcomes(services);
    std::vector<std::string> ended;
    const auto done = services.database.write([&](db::Session& session) -> Result<void> {
      const Time now = services.clock.now();
      const auto taken = take_expired(session, now, kAtOnce, services.log);
      if (!taken) return pass_on(taken);
      for (const StagedRelease& release : *taken) {
        ended.push_back(release.id);
        audit::Record record;
        record.at = now;
        record.actor = "system";
        record.action = "stage.expire";
        record.subject = stage_subject(release);
        record.outcome = "granted";
        record.organization = scope_owner(session, release.candidate.package());
        record.detail = stage_detail(release);
        audit::append(session, record);
        if (const auto outcome = find_outcome(session, release.id)) {
          tell_of_end(session, *outcome, now);
        }
      }
      return {};
    });
    if (!done) return done;
    for (const std::string& id : ended) services.waiters.notify(stage_topic(id));
  }
}

}  // namespace imp::registry
