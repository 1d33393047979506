#include "ci/pipelines/pipelines.h"

namespace imp::ci {
namespace {

/// A pipeline that is pending for longer than this has lost its process.
constexpr std::chrono::seconds pending_limit{60};

}  // namespace

Pipelines::Pipelines(PipelineServices given)
    : services(std::move(given)),
      triggers(services),
      pushes(services, triggers),
      controls(services),
      dispatch(services),
      running(services),
      runner_tokens(services),
      reader(services) {}

void Pipelines::recover() {
  if (const auto done = running.extend_leases(); !done) {
    services.log.error("leases not extended", {{"reason", done.error().detail}});
  }
  pushes.recover();
  triggers.resume(Milliseconds(0));
}

Result<void> Pipelines::tidy() {
  if (auto done = running.expire_leases(); !done) return done;
  if (auto done = controls.cancel_stale(); !done) return done;
  triggers.resume(pending_limit);
  return {};
}

}  // namespace imp::ci
