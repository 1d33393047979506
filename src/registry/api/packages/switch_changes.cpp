#include "registry/api/packages/switch_changes.h"

#include <algorithm>
#include <boost/json.hpp>

#include "audit/log.h"
#include "registry/api/change_subject.h"
#include "registry/api/news/told_people.h"
#include "registry/packages/refusal.h"
#include "registry/packages/store.h"

namespace imp::registry {

namespace {

Result<TrustPlace> switched_place(db::Session& session, const Caller& caller,
                                  const TrustTarget& target) {
  auto place = governed_place(session, caller, target);
  if (place && place->kind == trust::PlaceKind::pending) {
    return refuse(
        PackageRefusal::package_not_found,
        fmt::format("There is no package {} yet; its scope may have switches.", text_of(target)));
  }
  return place;
}

std::vector<SwitchState> in_force(db::Session& session, const TrustPlace& place, Time now) {
  auto states = switches_at(session, place.place, now);
  if (place.kind != trust::PlaceKind::scope && place.organization) {
    for (SwitchState& one : switches_at(session, switches_of_scope(*place.organization), now)) {
      states.push_back(std::move(one));
    }
  }
  return states;
}

/// The scope's, when a package would relax it and has none of its own to relax.
const SwitchState* bound_by_scope(const std::vector<SwitchState>& states, PublishSwitch which) {
  const SwitchState* of_scope = nullptr;
  for (const SwitchState& state : states) {
    if (state.which != which) continue;
    if (!state.of_scope) return nullptr;
    of_scope = &state;
  }
  return of_scope;
}

}  // namespace

std::string switch_subject(const TrustTarget& target, const SwitchWishes& wishes) {
  std::string change;
  for (const PublishSwitch which : kPublishSwitches) {
    for (const auto& [wished, on] : wishes) {
      if (wished != which) continue;
      change += fmt::format("{}{} {}", change.empty() ? "" : ", ", on ? "turn on" : "turn off",
                            phrase(which));
    }
  }
  return change_subject(text_of(target), change);
}

Result<std::vector<SwitchState>> switches_for(RegistryServices& services,
                                              const Requester& requester,
                                              const TrustTarget& target) {
  using States = std::vector<SwitchState>;
  if (const auto allowed = requester.may_govern(); !allowed) return pass_on(allowed);
  return services.database.read([&](db::Session& session) -> Result<States> {
    const auto place = switched_place(session, requester.rights(), target);
    if (!place) return pass_on(place);
    return in_force(session, *place, services.clock.now());
  });
}

Result<std::vector<SwitchState>> set_switches(RegistryServices& services,
                                              const Requester& requester, const TrustTarget& target,
                                              const SwitchWishes& wishes) {
  using States = std::vector<SwitchState>;
  return services.database.write([&](db::Session& session) -> Result<States> {
    const Time now = services.clock.now();
    const auto rights = requester.rights_now(session, now);
    if (!rights) return pass_on(rights);
    const auto place = switched_place(session, *rights, target);
    if (!place) return pass_on(place);
    for (const auto& [which, on] : wishes) {
      if (!on && place->kind == trust::PlaceKind::package &&
          bound_by_scope(in_force(session, *place, now), which)) {
        return refuse(SwitchRefusal::switch_of_scope,
                      fmt::format("The organisation insists on {} for its whole scope: a package "
                                  "cannot relax that.",
                                  word(which)));
      }
      const bool changed = on ? turn_on(session, place->place, which, rights->person, now)
                              : relax(session, place->place, which, now, services.switch_cool_down);
      if (!changed) continue;
      audit::Record record =
          requester.audit_record(on ? "switch.on" : "switch.relax", subject_of(target), now);
      record.organization = place->organization;
      record.detail["switch"] = word(which);
      if (!on) record.detail["ends_at"] = iso8601(now + services.switch_cool_down);
      audit::append(session, record);
      tell_governors(session, record);
    }
    return in_force(session, *place, now);
  });
}

boost::json::object switches_json(const std::vector<SwitchState>& states) {
  boost::json::object document;
  for (const PublishSwitch which : kPublishSwitches) {
    boost::json::object item{
        {"on", false}, {"scope", false}, {"setBy", nullptr}, {"endsAt", nullptr}};
    for (const SwitchState& state : states) {
      if (state.which != which) continue;
      if (state.of_scope) item["scope"] = true;
      // Of two, the one that lasts is what holds.
      const bool lasts = !state.ends_at || !item["on"].as_bool();
      item["on"] = true;
      if (!lasts) continue;
      item["setBy"] = state.set_by;
      item["endsAt"] =
          state.ends_at ? boost::json::value(iso8601(*state.ends_at)) : boost::json::value(nullptr);
    }
    document[word(which)] = std::move(item);
  }
  return document;
}

}  // namespace imp::registry
