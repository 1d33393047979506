#include <boost/json.hpp>

#include "registry/api/news/hook_events.h"
#include "registry/api/operator/hook_changes.h"
#include "web/frame/frames.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/packages/governed.h"
#include "web/packages/package_view.h"
#include "web/people/passkey_pages.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr std::int64_t kDeliveriesShown = 10;

/// The path of the page.
std::string base_of(const registry::GovernedPlace& place) {
  return (place.kind == registry::GovernedPlace::Kind::organization ? "/org/" + place.name
                                                                    : package_link(place.name)) +
         "/hooks";
}

Result<boost::json::array> tabs_of(const Visit& visit, const registry::GovernedPlace& place) {
  if (place.kind == registry::GovernedPlace::Kind::organization) {
    const auto organization = visit.services.accounts.organizations.by_id(place.id);
    if (!organization) return pass_on(organization);
    return organization_tabs(visit, *organization, "Webhooks");
  }
  const auto view = package_view(visit);
  if (!view) return pass_on(view);
  return package_tabs(*view, "Webhooks");
}

boost::json::array events_model(const std::vector<std::string>& chosen) {
  boost::json::array items;
  for (const std::string_view event : registry::hook_events()) {
    items.push_back(
        {{"name", event}, {"checked", std::ranges::find(chosen, event) != chosen.end()}});
  }
  return items;
}

boost::json::object delivery_model(const hooks::Delivery& delivery, Time now) {
  using State = hooks::Delivery::State;
  return {{"delivery", delivery.id},
          {"type", delivery.type},
          {"state", name(delivery.state)},
          {"tone", delivery.state == State::delivered ? "good"
                   : delivery.state == State::failed  ? "bad"
                                                      : "waiting"},
          {"attempts",
           fmt::format("{} attempt{}", delivery.attempts, delivery.attempts == 1 ? "" : "s")},
          {"status", delivery.last_status},
          {"answered", delivery.last_status != 0},
          {"answer", delivery.last_answer},
          {"created", time_model(delivery.created, now)}};
}

/// The form that changes one: with what was typed when that was refused, else as it is.
void add_change(const Visit& visit, const registry::GovernedPlace& place, const hooks::Hook& hook,
                boost::json::object& model) {
  const bool again = visit.problem != nullptr && visit.field("hook") == hook.id &&
                     visit.request.path() == base_of(place) + "/change";
  model["changing"] = again;
  model["new_url"] = again ? visit.field("url") : hook.url;
  model["choices"] = events_model(again ? visit.request.form_all("event") : hook.events);
}

Result<boost::json::array> hooks_model(const Visit& visit, const registry::GovernedPlace& place) {
  auto& services = visit.services.registry;
  const Time now = services.clock.now();
  const auto found = registry::list_hooks(services, place);
  if (!found) return pass_on(found);
  boost::json::array items;
  for (const hooks::Hook& hook : *found) {
    const auto log = registry::list_deliveries(services, place, hook.id, kDeliveriesShown);
    if (!log) return pass_on(log);
    boost::json::array deliveries;
    for (const hooks::Delivery& delivery : *log) {
      deliveries.push_back(delivery_model(delivery, now));
    }
    boost::json::object item{{"id", hook.id},
                             {"confirms", registry::hook_subject(place, hook)},
                             {"url", hook.url},
                             {"all", hook.events.empty()},
                             {"events", boost::json::value_from(hook.events)},
                             {"author", hook.created_by},
                             {"created", time_model(hook.created, now)},
                             {"paused", hook.paused},
                             {"deliveries", std::move(deliveries)}};
    add_change(visit, place, hook, item);
    items.push_back(std::move(item));
  }
  return items;
}

Result<http::Response> show_with(const Visit& visit, const registry::GovernedPlace& place,
                                 const std::string& secret) {
  auto tabs = tabs_of(visit, place);
  if (!tabs) return pass_on(tabs);
  const auto factor = visit.services.accounts.second_factors.state(visit.person().id);
  if (!factor) return pass_on(factor);
  auto items = hooks_model(visit, place);
  if (!items) return pass_on(items);
  const std::string& name = place.name;
  // What was typed to change another one, or has been added, is not what is to be added.
  const bool adds = visit.problem != nullptr && visit.request.path() == base_of(place);
  boost::json::object model{{"name", name},
                            {"base", base_of(place)},
                            {"tabs", std::move(*tabs)},
                            {"hooks", std::move(*items)},
                            {"new_url", adds ? visit.field("url") : std::string()},
                            {"new_events", events_model(adds ? visit.request.form_all("event")
                                                             : std::vector<std::string>())},
                            {"made", !secret.empty()},
                            {"secret", {{"value", secret}, {"what", "the secret"}}}};
  Page page{.title = "Webhooks of " + name, .content = "hooks", .model = std::move(model)};
  add_factor(page, *factor);
  return show(visit, std::move(page));
}

Result<http::Response> show_hooks(const Visit& visit) {
  const auto found = governed(visit);
  if (!found) return pass_on(found);
  return show_with(visit, found->place, {});
}

hooks::HookRequest request_of(const Visit& visit) {
  return {.url = visit.field("url"), .events = visit.request.form_all("event")};
}

/// Somebody who governs the place and has given a second factor for this: for the webhook of that
/// id or, where it is typed, for one of the place.
Result<Governed> confirmed(const Visit& visit, std::string_view action, std::string_view id = {}) {
  auto found = governed_for(visit, action);
  if (!found) return found;
  const auto subject = id.empty()
                           ? found->place.name
                           : registry::hook_subject(visit.services.registry, found->place, id);
  if (!subject) return pass_on(subject);
  const auto given = confirm(visit, {.action = std::string(action), .subject = *subject},
                             accounts::WithoutFactor::refuse);
  if (!given) return refused(visit, *found, action, given.error());
  return found;
}

Result<http::Response> add(const Visit& visit) {
  auto& services = visit.services.registry;
  const hooks::HookRequest wanted = request_of(visit);
  // What is wrong with it is said before a code is used up.
  if (const auto usable = registry::check_hook(services, wanted); !usable) return pass_on(usable);
  const auto by = confirmed(visit, "hook.add");
  if (!by) return pass_on(by);
  const auto made = registry::add_hook(services, by->requester, by->place, wanted);
  if (!made) return refused(visit, *by, "hook.add", made.error());
  return show_with(visit, by->place, made->secret);
}

Result<http::Response> change(const Visit& visit) {
  auto& services = visit.services.registry;
  const hooks::HookRequest wanted = request_of(visit);
  if (const auto usable = registry::check_hook(services, wanted); !usable) return pass_on(usable);
  const auto by = confirmed(visit, "hook.change");
  if (!by) return pass_on(by);
  const auto changed =
      registry::change_hook(services, by->requester, by->place, visit.field("hook"), wanted);
  if (!changed) return refused(visit, *by, "hook.change", changed.error());
  return http::see_other(base_of(by->place) + "?done=saved");
}

Result<http::Response> remove(const Visit& visit) {
  const auto by = confirmed(visit, "hook.remove", visit.field("hook"));
  if (!by) return pass_on(by);
  const auto removed =
      registry::remove_hook(visit.services.registry, by->requester, by->place, visit.field("hook"));
  if (!removed) return refused(visit, *by, "hook.remove", removed.error());
  return http::see_other(base_of(by->place) + "?done=removed");
}

Result<http::Response> send_again(const Visit& visit) {
  const auto by = governed_for(visit, "hook.redeliver");
  if (!by) return pass_on(by);
  const auto delivery = registry::redeliver(visit.services.registry, by->requester, by->place,
                                            visit.field("hook"), visit.field("delivery"));
  if (!delivery) return refused(visit, *by, "hook.redeliver", delivery.error());
  return http::see_other(base_of(by->place) + "?done=redelivered");
}

}  // namespace

void add_hook_pages(http::Router& router, WebServices& services) {
  constexpr Audience people = Audience::signed_in;
  for (const std::string base : {"/package/{package}/hooks", "/org/{organization}/hooks"}) {
    add_page(router, services, base, people, show_hooks);
    add_form(router, services, base, people, add, show_hooks);
    add_form(router, services, base + "/change", people, change, show_hooks);
    add_form(router, services, base + "/remove", people, remove, show_hooks);
    add_form(router, services, base + "/redeliver", people, send_again, show_hooks);
  }
}

}  // namespace imp::web
