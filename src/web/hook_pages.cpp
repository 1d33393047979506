#include <boost/json.hpp>

#include "registry/api/operator/hook_changes.h"
#include "registry/api/operator/hook_events.h"
#include "registry/api/refusals.h"
#include "web/frames.h"
#include "web/handlers.h"
#include "web/model.h"
#include "web/package_view.h"
#include "web/passkey_pages.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr std::int64_t kDeliveriesShown = 10;

/// A package or an organisation whose webhooks the visitor governs.
struct Hooked {
  registry::Requester requester;
  registry::GovernedPlace place;
  std::string base;  ///< path of the page
  boost::json::array tabs;
};

Result<Hooked> hooked(const Visit& visit) {
  auto& services = visit.services.registry;
  if (visit.param("package").empty()) {
    auto requester = registry::Requester::identify(services, visit.request);
    if (!requester) return pass_on(requester);
    auto place = registry::governed_organization(services, *requester, visit.param("organization"));
    if (!place) return pass_on(place);
    const auto organization = visit.services.accounts.organizations.by_id(place->id);
    if (!organization) return pass_on(organization);
    const std::string base = "/org/" + place->name + "/hooks";
    return Hooked{std::move(*requester), std::move(*place), base,
                  organization_tabs(*organization, "Webhooks")};
  }
  auto view = package_view(visit);
  if (!view) return pass_on(view);
  auto place = registry::governed_place(services, view->requester, view->name);
  if (!place) return pass_on(place);
  const std::string& name = view->name.text();
  return Hooked{std::move(view->requester), std::move(*place), package_link(name) + "/hooks",
                package_tabs(name, "Webhooks", view->writer, view->staged)};
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
          {"attempts", delivery.attempts},
          {"status", delivery.last_status},
          {"answered", delivery.last_status != 0},
          {"answer", delivery.last_answer},
          {"created", time_model(delivery.created, now)}};
}

Result<boost::json::array> hooks_model(const Visit& visit, const Hooked& hooked) {
  auto& services = visit.services.registry;
  const Time now = services.clock.now();
  const auto found = registry::list_hooks(services, hooked.place);
  if (!found) return pass_on(found);
  boost::json::array items;
  for (const hooks::Hook& hook : *found) {
    const auto log = registry::list_deliveries(services, hooked.place, hook.id, kDeliveriesShown);
    if (!log) return pass_on(log);
    boost::json::array deliveries;
    for (const hooks::Delivery& delivery : *log) {
      deliveries.push_back(delivery_model(delivery, now));
    }
    items.push_back({{"id", hook.id},
                     {"url", hook.url},
                     {"all", hook.events.empty()},
                     {"events", boost::json::value_from(hook.events)},
                     {"choices", events_model(hook.events)},
                     {"author", hook.created_by},
                     {"created", time_model(hook.created, now)},
                     {"paused", hook.paused},
                     {"deliveries", std::move(deliveries)}});
  }
  return items;
}

Result<http::Response> show_with(const Visit& visit, const Hooked& hooked,
                                 const std::string& secret) {
  const auto factor = visit.services.accounts.second_factors.state(visit.person().id);
  if (!factor) return pass_on(factor);
  auto items = hooks_model(visit, hooked);
  if (!items) return pass_on(items);
  const std::string& name = hooked.place.name;
  boost::json::object model{{"name", name},
                            {"base", hooked.base},
                            {"tabs", hooked.tabs},
                            {"hooks", std::move(*items)},
                            {"new_url", visit.field("url")},
                            {"new_events", events_model(visit.request.form_all("event"))},
                            {"made", !secret.empty()},
                            {"secret", {{"value", secret}, {"what", "the secret"}}}};
  Page page{.title = "Webhooks of " + name, .content = "hooks", .model = std::move(model)};
  add_factor(page, *factor);
  return show(visit, std::move(page));
}

Result<http::Response> show_hooks(const Visit& visit) {
  const auto place = hooked(visit);
  if (!place) return pass_on(place);
  return show_with(visit, *place, {});
}

hooks::HookRequest request_of(const Visit& visit) {
  return {.url = visit.field("url"), .events = visit.request.form_all("event")};
}

/// What a form asks, after the second factor that it needs.
Result<void> confirmed(const Visit& visit, const Hooked& hooked, std::string_view action) {
  const auto given = confirm(visit, {.action = std::string(action), .subject = hooked.place.name},
                             accounts::WithoutFactor::refuse);
  if (!given) {
    registry::record_refusal(visit.services.registry, &hooked.requester, action,
                             hooked.place.subject(), given.error());
    return pass_on(given);
  }
  return {};
}

Result<http::Response> add(const Visit& visit) {
  auto& services = visit.services.registry;
  const hooks::HookRequest wanted = request_of(visit);
  // What is wrong with it is said before a code is used up.
  if (const auto usable = registry::check_hook(services, wanted); !usable) return pass_on(usable);
  const auto place = hooked(visit);
  if (!place) return pass_on(place);
  if (const auto given = confirmed(visit, *place, "hook.add"); !given) return pass_on(given);
  const auto made = registry::add_hook(services, place->requester, place->place, wanted);
  if (!made) return pass_on(made);
  return show_with(visit, *place, made->secret);
}

Result<http::Response> change(const Visit& visit) {
  auto& services = visit.services.registry;
  const hooks::HookRequest wanted = request_of(visit);
  if (const auto usable = registry::check_hook(services, wanted); !usable) return pass_on(usable);
  const auto place = hooked(visit);
  if (!place) return pass_on(place);
  if (const auto given = confirmed(visit, *place, "hook.change"); !given) return pass_on(given);
  const auto changed =
      registry::change_hook(services, place->requester, place->place, visit.field("hook"), wanted);
  if (!changed) return pass_on(changed);
  return http::see_other(place->base + "?done=saved");
}

Result<http::Response> remove(const Visit& visit) {
  const auto place = hooked(visit);
  if (!place) return pass_on(place);
  if (const auto given = confirmed(visit, *place, "hook.remove"); !given) return pass_on(given);
  const auto removed = registry::remove_hook(visit.services.registry, place->requester,
                                             place->place, visit.field("hook"));
  if (!removed) return pass_on(removed);
  return http::see_other(place->base + "?done=removed");
}

Result<http::Response> send_again(const Visit& visit) {
  const auto place = hooked(visit);
  if (!place) return pass_on(place);
  const auto delivery = registry::redeliver(visit.services.registry, place->requester, place->place,
                                            visit.field("hook"), visit.field("delivery"));
  if (!delivery) return pass_on(delivery);
  return http::see_other(place->base + "?done=redelivered");
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
