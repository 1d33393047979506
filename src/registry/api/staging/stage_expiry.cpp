#include "registry/api/staging/stage_expiry.h"

#include "audit/log.h"
#include "registry/api/news/stage_news.h"
#include "registry/api/requester.h"
#include "registry/api/staging/stage_record.h"
#include "registry/staging/stage_decision.h"
#include "registry/staging/stage_events.h"

namespace imp::registry {

namespace {

Result<void> forget_what_is_past(RegistryServices& services) {
  constexpr std::int64_t kAtOnce = 1000;
  const Time now = services.clock.now();
  const auto due = services.database.read([&](db::Session& session) -> Result<bool> {
    return any_old_outcome(session, now) || any_old_stage_event(session, now);
  });
  if (!due) return pass_on(due);
  if (!*due) return {};
  return services.database.write([&](db::Session& session) -> Result<void> {
    forget_old_outcomes(session, now, kAtOnce);
    forget_old_stage_events(session, now, kAtOnce);
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
    if (!*due) return forget_what_is_past(services);
    std::vector<StagedRelease> ended;
    const auto done = services.database.write([&](db::Session& session) -> Result<void> {
      const Time now = services.clock.now();
      auto taken = take_expired(session, now, kAtOnce, services.log);
      if (!taken) return pass_on(taken);
      ended = std::move(*taken);
      for (const StagedRelease& release : ended) {
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
    for (const StagedRelease& release : ended) {
      services.waiters.notify(stage_topic(release.id));
      services.stage_feed->changed(services.waiters, release.candidate.name);
    }
  }
}

}  // namespace imp::registry
