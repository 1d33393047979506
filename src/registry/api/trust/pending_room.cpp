#include "registry/api/trust/pending_room.h"

#include "registry/trust/publisher_place.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

Result<void> PendingRoom::take(db::Session& session, std::size_t more, std::size_t gone) {
  if (more == 0 && gone == 0) return {};
  if (!waiting_) waiting_ = trust::count_pending_of(session, person_);
  const std::int64_t left = *waiting_ - static_cast<std::int64_t>(gone);
  const std::int64_t then = left + static_cast<std::int64_t>(more);
  if (more > 0 && then > trust::kMaxPendingOfPerson) {
    return refuse(trust::TrustRefusal::too_many_publishers,
                  fmt::format("You have prepared {} trusted publishers for packages that do not "
                              "exist, and {} is the most that may wait. Remove some first, or "
                              "wait until their packages are published.",
                              left, trust::kMaxPendingOfPerson));
  }
  waiting_ = then;
  return {};
}

}  // namespace imp::registry
