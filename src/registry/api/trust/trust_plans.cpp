#include "registry/api/trust/trust_plans.h"

#include <algorithm>
#include <span>

#include "registry/api/refusals.h"
#include "registry/api/trust/trust_changes.h"
#include "registry/packages/refusal.h"

namespace imp::registry {

namespace {

// So many share a transaction, and one sync of the disk; a refusal among them makes them go singly.
constexpr std::size_t kTogether = 100;

struct Planned {
  TrustTarget target;
  TrustPlace place;
  trust::PublisherPlan plan;
};

Result<Planned> planned(db::Session& session, const PlanEntry& entry, const Caller& rights) {
  auto target = entry.target();
  if (!target) return pass_on(target);
  auto place = governed_place(session, rights, *target);
  if (!place) return pass_on(place);
  if (place->kind == trust::PlaceKind::pending) {
    return refuse(PackageRefusal::package_not_found,
                  fmt::format("Package not found: {}.", entry.name));
  }
  auto plan = trust::plan_publishers(publishers_at(session, *place, rights), entry.requests);
  if (!plan) return pass_on(plan);
  return Planned{std::move(*target), std::move(*place), std::move(*plan)};
}

/// One entry in a transaction that others may share; nothing of it is kept when it fails.
Result<void> apply_one(db::Session& session, RegistryServices& services, const Requester& requester,
                       PlanEntry& entry, bool prune, Time now) {
  const auto rights = requester.rights_now(session, now);
  if (!rights) return pass_on(rights);
  auto found = planned(session, entry, *rights);
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
  entry.plan = std::move(found->plan);  // what was done is what is told
  return {};
}

Result<void> apply_together(RegistryServices& services, const Requester& requester,
                            std::span<PlanEntry*> entries, bool prune) {
  return services.database.write([&](db::Session& session) -> Result<void> {
    const Time now = services.clock.now();
    for (PlanEntry* entry : entries) {
      if (auto done = apply_one(session, services, requester, *entry, prune, now); !done) {
        return done;
      }
    }
    return {};
  });
}

}  // namespace

Result<void> plan_trust(RegistryServices& services, const Requester& requester,
                        PlanRequest& request) {
  if (auto allowed = requester.may_govern(); !allowed) return allowed;
  return services.database.read([&](db::Session& session) -> Result<void> {
    for (PlanEntry& entry : request.entries) {
      if (entry.refusal) continue;
      auto found = planned(session, entry, requester.rights());
      if (found) {
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
