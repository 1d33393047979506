#include "web/trust/switch_forms.h"

#include <boost/json.hpp>
#include <cctype>

#include "registry/api/packages/switch_changes.h"
#include "registry/api/refusals.h"
#include "web/frame/model.h"

namespace imp::web {

namespace {

constexpr std::string_view kAction = "switch.set";

std::string title_of(registry::PublishSwitch which) {
  std::string title(registry::phrase(which));
  title.front() = static_cast<char>(std::toupper(title.front()));
  return title;
}

std::string_view text_of(registry::PublishSwitch which) {
  switch (which) {
    case registry::PublishSwitch::trusted_only:
      return "No person's token publishes or stages, with or without a second factor. Dist-tags "
             "and "
             "deprecations are not covered.";
    case registry::PublishSwitch::staged_only:
      return "Nobody publishes at once: every version waits for an approval.";
    case registry::PublishSwitch::second_factor:
      return "Also from tokens that are not asked for one elsewhere.";
  }
  return "";
}

/// What may be done with a switch: relax one's own, stay that, or turn it on.
boost::json::array choices(const boost::json::object& item, const registry::TrustTarget& target,
                           registry::PublishSwitch which) {
  const bool own = item.at("own").as_bool(), ending = item.at("ends").is_object();
  const auto choice = [&](std::string_view label, bool on) {
    return boost::json::object{{"label", label},
                               {"confirms", registry::switch_subject(target, {{which, on}})},
                               {"to", on ? "true" : "false"},
                               {"relaxes", !on},
                               {"tone", on ? "primary" : "danger"}};
  };
  if (ending) return {choice("Keep it on", true)};
  if (own) return {choice("Relax it", false)};
  return {choice("Turn it on", true)};
}

}  // namespace

Result<boost::json::array> switches_model(const Visit& visit, const registry::TrustTarget& target) {
  auto& services = visit.services.registry;
  const auto requester = registry::Requester::identify(services, visit.request);
  if (!requester) return pass_on(requester);
  const auto states = registry::switches_for(services, *requester, target);
  if (!states) return pass_on(states);
  const bool is_scope = std::holds_alternative<registry::ScopeOf>(target);
  boost::json::array items;
  for (const registry::PublishSwitch which : registry::kPublishSwitches) {
    boost::json::object item{{"word", registry::word(which)},
                             {"title", title_of(which)},
                             {"text", text_of(which)},
                             {"on", false},
                             {"own", false},
                             {"inherited", false},
                             {"ends", false}};
    for (const registry::SwitchState& state : *states) {
      if (state.which != which) continue;
      item["on"] = true;
      const bool own = state.of_scope == is_scope;
      item[own ? "own" : "inherited"] = true;
      if (own) item["set_by"] = state.set_by;
      if (own) item["ends"] = time_model(state.ends_at, visit.services.clock.now());
    }
    item["choices"] = choices(item, target, which);
    items.push_back(std::move(item));
  }
  return items;
}

Result<http::Response> set_switch_by_form(const Visit& visit, const std::string& base) {
  const auto target = registry::addressed_target(visit.request);
  if (!target) return pass_on(target);
  auto& services = visit.services.registry;
  const auto requester = registry::Requester::identify(services, visit.request);
  if (!requester) return pass_on(requester);
  const auto which = registry::switch_from(visit.field("switch"));
  if (!which) {
    return refuse(registry::SwitchRefusal::invalid_switches, "There is no such switch.");
  }
  const auto refused = [&](const Failure& failure) {
    registry::record_refusal(services, &*requester, kAction, registry::subject_of(*target),
                             failure);
    return std::unexpected(failure);
  };
  const registry::SwitchWishes wishes{{*which, visit.field("on") == "true"}};
  const auto before = registry::switches_for(services, *requester, *target);
  if (!before) return refused(before.error());
  const auto confirmed = confirm(
      visit, {.action = std::string(kAction), .subject = registry::switch_subject(*target, wishes)},
      accounts::WithoutFactor::refuse);
  if (!confirmed) return refused(confirmed.error());
  const auto set = registry::set_switches(services, *requester, *target, wishes);
  if (!set) return refused(set.error());
  return http::see_other(base + "?done=saved#switches");
}

}  // namespace imp::web
