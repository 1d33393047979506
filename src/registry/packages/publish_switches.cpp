#include "registry/packages/publish_switches.h"

#include <algorithm>

namespace imp::registry {

namespace {

std::unexpected<Failure> refused_by(const SwitchState& state, std::string_view package_name) {
  const std::string_view whose = state.of_scope ? "Its organisation" : "It";
  switch (state.which) {
    case PublishSwitch::trusted_only:
      return refuse(SwitchRefusal::trusted_publishing_only,
                    fmt::format("{} takes versions from trusted publishers alone: no token of a "
                                "person publishes or stages it, with or without a second factor. "
                                "{} insists on that; {} set it.",
                                package_name, whose, state.set_by));
    case PublishSwitch::staged_only:
      return refuse(SwitchRefusal::staged_publishing_only,
                    fmt::format("{} takes staged releases alone: run `npm stage publish`, and a "
                                "person approves it. {} insists on that; {} set it.",
                                package_name, whose, state.set_by));
    case PublishSwitch::second_factor:
      return refuse(SwitchRefusal::publish_factor_required,
                    fmt::format("{} takes versions of people with a second factor alone, also from "
                                "tokens that are not asked for one elsewhere. Enable a second "
                                "factor and publish after `npm login`. {} insists on that; {} set "
                                "it.",
                                package_name, whose, state.set_by));
  }
  return refuse(SwitchRefusal::invalid_switches, "Unknown switch.");
}

bool stops(PublishSwitch which, const PublishWay& way) {
  switch (which) {
    case PublishSwitch::trusted_only:
      return !way.trusted;
    case PublishSwitch::staged_only:
      return !way.staged;
    case PublishSwitch::second_factor:
      return !way.trusted && !way.staged && !way.factor_given;
  }
  return true;
}

}  // namespace

std::string_view word(PublishSwitch which) {
  switch (which) {
    case PublishSwitch::trusted_only:
      return "trustedOnly";
    case PublishSwitch::staged_only:
      return "stagedOnly";
    case PublishSwitch::second_factor:
      return "secondFactor";
  }
  return "";
}

std::string_view phrase(PublishSwitch which) {
  switch (which) {
    case PublishSwitch::trusted_only:
      return "trusted publishing only";
    case PublishSwitch::staged_only:
      return "staged releases only";
    case PublishSwitch::second_factor:
      return "a second factor for every publish by a person";
  }
  return "";
}

std::optional<PublishSwitch> switch_from(std::string_view text) {
  const auto* found =
      std::ranges::find_if(kPublishSwitches, [&](PublishSwitch one) { return word(one) == text; });
  return found == std::end(kPublishSwitches) ? std::nullopt : std::optional(*found);
}

Reason reason(SwitchRefusal refusal) {
  switch (refusal) {
    case SwitchRefusal::trusted_publishing_only:
      return {"trusted_publishing_only", FailureKind::forbidden};
    case SwitchRefusal::staged_publishing_only:
      return {"staged_publishing_only", FailureKind::forbidden};
    case SwitchRefusal::publish_factor_required:
      return {"publish_factor_required", FailureKind::forbidden};
    case SwitchRefusal::invalid_switches:
      return {"invalid_switches", FailureKind::invalid};
    case SwitchRefusal::switch_of_scope:
      return {"switch_of_scope", FailureKind::conflict};
  }
  return {};
}

std::string switches_of_scope(std::string_view organization_id) {
  return "scope:" + std::string(organization_id);
}

std::vector<SwitchState> switches_at(db::Session& session, std::string_view place, Time now) {
  std::vector<SwitchState> states;
  for (const db::Row& row : session.rows(
           "SELECT name, set_by, set_at, ends_at FROM publish_switch WHERE place = :p1 AND "
           "(ends_at IS NULL OR ends_at > :p2) ORDER BY set_at, name",
           {std::string(place), to_milliseconds(now)})) {
    const auto which = switch_from(row.text(0));
    if (!which) continue;
    SwitchState state{*which, place.starts_with("scope:"), row.text(1),
                      from_milliseconds(row.integer(2)), std::nullopt};
    if (const auto ends = row.maybe_integer(3)) state.ends_at = from_milliseconds(*ends);
    states.push_back(std::move(state));
  }
  return states;
}

std::vector<SwitchState> switches_of(db::Session& session, const Package& package, Time now) {
  auto states = switches_at(session, package.id, now);
  if (package.owner) {
    for (SwitchState& one : switches_at(session, switches_of_scope(*package.owner), now)) {
      states.push_back(std::move(one));
    }
  }
  return states;
}

bool turn_on(db::Session& session, std::string_view place, PublishSwitch which,
             std::string_view person, Time now) {
  const auto states = switches_at(session, place, now);
  const auto found = std::ranges::find(states, which, &SwitchState::which);
  if (found != states.end() && !found->ends_at) return false;
  const std::string where(place), name(word(which));
  session.run("DELETE FROM publish_switch WHERE place = :p1 AND name = :p2", {where, name});
  session.run(
      "INSERT INTO publish_switch (place, name, set_by, set_at) VALUES (:p1, :p2, :p3, :p4)",
      {where, name, std::string(person), to_milliseconds(now)});
  return true;
}

bool relax(db::Session& session, std::string_view place, PublishSwitch which, Time now,
           Milliseconds cool_down) {
  const auto states = switches_at(session, place, now);
  const auto found = std::ranges::find(states, which, &SwitchState::which);
  if (found == states.end() || found->ends_at) return false;
  session.run("UPDATE publish_switch SET ends_at = :p3 WHERE place = :p1 AND name = :p2",
              {std::string(place), std::string(word(which)), to_milliseconds(now + cool_down)});
  return true;
}

Result<void> switches_allow(db::Session& session, std::string_view package_name,
                            const std::optional<std::string>& package_id,
                            const std::optional<std::string>& owner, const PublishWay& way,
                            Time now) {
  std::vector<std::string> places;
  if (owner) places.push_back(switches_of_scope(*owner));
  if (package_id) places.push_back(*package_id);
  // Of several that stop it the first in their own order is told: who is no trusted publisher is
  // not sent to stage, which would be refused as well.
  std::optional<SwitchState> stopping;
  for (const std::string& place : places) {
    for (SwitchState& state : switches_at(session, place, now)) {
      if (!stops(state.which, way) || (stopping && stopping->which <= state.which)) continue;
      stopping = std::move(state);
    }
  }
  if (stopping) return refused_by(*stopping, package_name);
  return {};
}

db::Migration publish_switch_migration() {
  return {"registry/switches/1",
          "CREATE TABLE publish_switch (\n"
          "  place TEXT NOT NULL, name TEXT NOT NULL, set_by TEXT NOT NULL,\n"
          "  set_at BIGINT NOT NULL, ends_at BIGINT, PRIMARY KEY (place, name));\n"};
}

}  // namespace imp::registry
