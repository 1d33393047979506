#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "db/database.h"
#include "registry/packages/packument.h"

namespace imp::registry {

/// What a package, or every package of an organisation's scope, may insist on.
enum class PublishSwitch : std::uint8_t {
  trusted_only,   ///< versions come from trusted publishers alone, at once or staged
  staged_only,    ///< nothing is published at once, whoever does it
  second_factor,  ///< a person who publishes gives a second factor, whatever their token says
};
inline constexpr PublishSwitch kPublishSwitches[] = {
    PublishSwitch::trusted_only, PublishSwitch::staged_only, PublishSwitch::second_factor};
std::string_view word(PublishSwitch which);  ///< "trustedOnly", …: of the API
/// "trusted publishing only": in a sentence.
std::string_view phrase(PublishSwitch which);
std::optional<PublishSwitch> switch_from(std::string_view word);

enum class SwitchRefusal : std::uint8_t {
  trusted_publishing_only,
  staged_publishing_only,
  publish_factor_required,  ///< the switch second_factor, and a token that goes without
  invalid_switches,
  switch_of_scope,  ///< a package cannot relax what its scope insists on
};
Reason reason(SwitchRefusal refusal);

/// A switch that is on, for a package or a scope.
struct SwitchState {
  PublishSwitch which = PublishSwitch::trusted_only;
  bool of_scope = false;  ///< the scope insists on it
  std::string set_by;     ///< user name
  Time set_at;
  std::optional<Time> ends_at;  ///< it was relaxed, and is in force until then
};

/// What switches hang on: a package's id, or "scope:" and an organisation's id.
std::string switches_of_scope(std::string_view organization_id);
/// Those that are in force at a place; of a package, after its own, those of its organisation's
/// scope.
std::vector<SwitchState> switches_at(db::Session& session, std::string_view place, Time now);
std::vector<SwitchState> switches_of(db::Session& session, const Package& package, Time now);

/// Turns one on, or, while its cool-down runs, stays the relaxing. False when nothing changed.
bool turn_on(db::Session& session, std::string_view place, PublishSwitch which,
             std::string_view person, Time now);
/// Relaxes one: it ends after the cool-down, at once when that is 0. One that is relaxed already
/// keeps its end. False when nothing changed.
bool relax(db::Session& session, std::string_view place, PublishSwitch which, Time now,
           Milliseconds cool_down);

/// How a version is about to be published.
struct PublishWay {
  bool trusted = false;       ///< by a trusted publisher
  bool staged = false;        ///< it is being staged, or was
  bool factor_given = false;  ///< a person gave a second factor for it
};
/// Whether the switches of a package, or of the scope of one that does not exist yet, let it be
/// published so. The refusal says how it may be.
Result<void> switches_allow(db::Session& session, std::string_view package_name,
                            const std::optional<std::string>& package_id,
                            const std::optional<std::string>& owner, const PublishWay& way,
                            Time now);

db::Migration publish_switch_migration();

}  // namespace imp::registry
