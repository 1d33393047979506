#include "registry/api/trust/plans/trust_plans.h"

#include <algorithm>
#include <span>

#include "registry/api/refusals.h"
#include "registry/api/trust/pending_room.h"
#include "registry/api/trust/trust_changes.h"

namespace imp::registry {

namespace {

// So many share a transaction, and one sync of the disk; a refusal among them makes them go singly.
constexpr std::size_t kTogether = 100;

struct Planned {
  TrustTarget target;
  TrustPlace place;
  trust::PublisherPlan plan;
};

/// What add_publisher() will say of the last one that is added: a plan says it, too. At a pending
/// name each person's are counted apart.
Result<void> check_room(const std::vector<trust::TrustedPublisher>& there,
                        const trust::PublisherPlan& plan, const TrustPlace& place,
                        const std::string& person, bool prune) {
  if (plan.add.empty()) return {};
  const auto counts = [&](const trust::TrustedPublisher& one) {
    return place.kind != trust::PlaceKind::pending || one.created_by == person;
  };
  auto then = std::ranges::count_if(there, counts) + std::ssize(plan.add);
  if (prune) then -= std::ranges::count_if(plan.extra, counts);
  return trust::check_count(static_cast<std::size_t>(then));
}

/// `room` is taken for what is to be prepared.
Result<Planned> planned(db::Session& session, const PlanEntry& entry, const Caller& rights,
                        bool prune, PendingRoom& room) {
  auto target = entry.target();
  if (!target) return pass_on(target);
  auto place = governed_place(session, rights, *target);
  if (!place) return pass_on(place);
  const auto there = publishers_at(session, *place, rights);
  auto plan = trust::plan_publishers(there, entry.requests);
  if (!plan) return pass_on(plan);
  const auto fits = check_room(there, *plan, *place, rights.person, prune);
  if (!fits) return pass_on(fits);
  if (place->kind == trust::PlaceKind::pending) {
    const auto own = [&](const auto& extra) { return extra.created_by == rights.person; };
    const auto gone = prune ? std::ranges::count_if(plan->extra, own) : 0;
    const auto taken = room.take(session, plan->add.size(), static_cast<std::size_t>(gone));
    if (!taken) return pass_on(taken);
  }
  return Planned{std::move(*target), std::move(*place), std::move(*plan)};
}

/// One entry in a transaction that others may share; nothing of it is kept when it fails.
Result<void> apply_one(db::Session& session, RegistryServices& services, const Requester& requester,
                       PlanEntry& entry, bool prune, PendingRoom& room, Time now) {
  const auto rights = requester.rights_now(session, now);
  if (!rights) return pass_on(rights);
  auto found = planned(session, entry, *rights, prune, room);
  if (!found) return pass_on(found);
  const auto& [target, place, plan] = *found;
  for (const trust::TrustedPublisher& extra : plan.extra) {
    if (!prune) break;
    const auto removed =
        remove_publisher_in(session, services, requester, target, place, extra.id, now);
    if (!removed) return pass_on(removed);
  }
  for (const trust::PublisherChange& change : plan.change) {
    change_publisher_in(session, services, requester, target, place, change, now);
  }
  for (const trust::PublisherRequest& wanted : plan.add) {
    const auto added = add_publisher_in(session, services, requester, target, place, wanted, now);
    if (!added) return pass_on(added);
  }
  entry.pending = place.kind == trust::PlaceKind::pending;
  entry.plan = std::move(found->plan);  // what was done is what is told
  return {};
}

Result<void> apply_together(RegistryServices& services, const Requester& requester,
                            std::span<PlanEntry*> entries, bool prune) {
  return services.database.write([&](db::Session& session) -> Result<void> {
    const Time now = services.clock.now();
    PendingRoom room(requester.rights().person);
    for (PlanEntry* entry : entries) {
      auto done = apply_one(session, services, requester, *entry, prune, room, now);
      if (!done) return done;
    }
    return {};
  });
}

}  // namespace

Result<void> plan_trust(RegistryServices& services, const Requester& requester,
                        PlanRequest& request) {
  if (auto allowed = requester.may_govern(); !allowed) return allowed;
  return services.database.read([&](db::Session& session) -> Result<void> {
    PendingRoom room(requester.rights().person);
    for (PlanEntry& entry : request.entries) {
      if (entry.refusal) continue;
      auto found = planned(session, entry, requester.rights(), request.prune, room);
      if (found) {
        entry.pending = found->place.kind == trust::PlaceKind::pending;
        entry.plan = std::move(found->plan);
      } else {
        entry.refusal = found.error();
      }
    }
    return {};
  });
}

void apply_trust(RegistryServices& services, const Requester& requester, PlanRequest& request) {
  const auto refused = [&](const PlanEntry& entry) {
    record_refusal(services, &requester, "trust.apply", entry.subject(), *entry.refusal);
  };
  std::vector<PlanEntry*> due;
  for (PlanEntry& entry : request.entries) {
    if (entry.refusal) refused(entry);
    if (entry.changes(request.prune)) due.push_back(&entry);
  }
  const std::span all(due);
  for (std::size_t from = 0; from < due.size(); from += kTogether) {
    const auto group = all.subspan(from, std::min(kTogether, due.size() - from));
    if (apply_together(services, requester, group, request.prune)) continue;
    for (PlanEntry*& entry : group) {
      const auto done = apply_together(services, requester, {&entry, 1}, request.prune);
      if (done) continue;
      entry->refusal = done.error();
      refused(*entry);
    }
  }
}

}  // namespace imp::registry
