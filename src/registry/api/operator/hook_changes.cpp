#include "registry/api/operator/hook_changes.h"

#include <boost/json.hpp>

#include "audit/log.h"
#include "base/uuid.h"
#include "hooks/refusal.h"
#include "registry/api/change_subject.h"
#include "registry/api/news/hook_events.h"

namespace imp::registry {

namespace {

constexpr std::size_t kSecretBytes = 32;

hooks::Target target_of(const GovernedPlace& place) {
  using Kind = hooks::Target::Kind;
  const bool package = place.kind == GovernedPlace::Kind::package;
  return {package ? Kind::package : Kind::organization, package ? place.name : place.id};
}

void record(db::Session& session, const Requester& requester, std::string_view action,
            const GovernedPlace& place, const hooks::Hook& hook, Time now) {
  audit::Record record = requester.audit_record(action, place.subject(), now);
  record.organization = place.organization;
  record.detail["hook"] = {
      {"id", hook.id}, {"url", hook.url}, {"events", boost::json::value_from(hook.events)}};
  audit::append(session, record);
}

}  // namespace

std::string hook_subject(const GovernedPlace& place, const hooks::HookRequest& request,
                         std::string_view id) {
  return change_subject(
      place.name,
      fmt::format("{}, {}{}{}", request.url,
                  request.events.empty() ? std::string("all events")
                                         : fmt::format("{}", fmt::join(request.events, " ")),
                  request.secret.empty() ? "" : ", with a secret of its own choice",
                  id.empty() ? std::string() : fmt::format(" ({})", id)));
}

std::string hook_subject(const GovernedPlace& place, const hooks::Hook& hook) {
  return hook_subject(place, {.url = hook.url, .events = hook.events}, hook.id);
}

Result<std::string> hook_subject(RegistryServices& services, const GovernedPlace& place,
                                 std::string_view id) {
  const auto all = list_hooks(services, place);
  if (!all) return pass_on(all);
  for (const hooks::Hook& hook : *all) {
    if (hook.id == id) return hook_subject(place, hook);
  }
  return change_subject(place.name, id);
}

Result<std::vector<hooks::Hook>> list_hooks(RegistryServices& services,
                                            const GovernedPlace& place) {
  return services.database.read([&](db::Session& session) -> Result<std::vector<hooks::Hook>> {
    return hooks::hooks_of(session, target_of(place));
  });
}

Result<std::vector<hooks::Delivery>> list_deliveries(RegistryServices& services,
                                                     const GovernedPlace& place,
                                                     std::string_view id, std::int64_t limit) {
  using Deliveries = std::vector<hooks::Delivery>;
  return services.database.read([&](db::Session& session) -> Result<Deliveries> {
    const auto hook = hooks::find_hook(session, target_of(place), id);
    if (!hook) return pass_on(hook);
    return hooks::deliveries_of(session, hook->id, limit);
  });
}

Result<void> check_hook(const RegistryServices& services, const hooks::HookRequest& request) {
  return hooks::check(request, hook_events(), services.hooks.private_addresses);
}

Result<NewHook> add_hook(RegistryServices& services, const Requester& requester,
                         const GovernedPlace& place, const hooks::HookRequest& request) {
  if (const auto usable = check_hook(services, request); !usable) return pass_on(usable);
  NewHook made;
  made.secret = request.secret.empty()
                    ? "whsec_" + base64(services.accounts.services.random.bytes(kSecretBytes))
                    : request.secret;
  made.hook = {.id = new_uuid(),
               .target = target_of(place),
               .url = request.url,
               .events = request.events,
               .created_by = {},
               .created = {},
               .paused = {}};
  const std::string sealed =
      services.hooks.sealer.seal(made.secret, hooks::hook_purpose(made.hook.id));
  return services.database.write([&](db::Session& session) -> Result<NewHook> {
    const Time now = services.clock.now();
    const auto rights = still_governs(session, requester, place, now);
    if (!rights) return pass_on(rights);
    if (hooks::hooks_of(session, target_of(place)).size() >= hooks::kMostHooks) {
      return refuse(hooks::HookRefusal::too_many_hooks,
                    fmt::format("{} has {} webhooks, which is as many as there can be: remove one "
                                "first.",
                                place.name, hooks::kMostHooks));
    }
    made.hook.created_by = rights->person;
    made.hook.created = now;
    hooks::add_hook(session, made.hook, sealed);
    record(session, requester, "hook.add", place, made.hook, now);
    return made;
  });
}

Result<hooks::Hook> change_hook(RegistryServices& services, const Requester& requester,
                                const GovernedPlace& place, std::string_view id,
                                const hooks::HookRequest& request) {
  if (const auto usable = check_hook(services, request); !usable) return pass_on(usable);
  return services.database.write([&](db::Session& session) -> Result<hooks::Hook> {
    const Time now = services.clock.now();
    const auto rights = still_governs(session, requester, place, now);
    if (!rights) return pass_on(rights);
    auto hook = hooks::find_hook(session, target_of(place), id);
    if (!hook) return hook;
    hook->url = request.url;
    hook->events = request.events;
    hook->paused.clear();
    // Who changes it answers for it from now on.
    hook->created_by = rights->person;
    std::optional<std::string> sealed;
    if (!request.secret.empty()) {
      sealed = services.hooks.sealer.seal(request.secret, hooks::hook_purpose(hook->id));
    }
    hooks::update_hook(session, *hook, sealed);
    record(session, requester, "hook.change", place, *hook, now);
    return hook;
  });
}

Result<void> remove_hook(RegistryServices& services, const Requester& requester,
                         const GovernedPlace& place, std::string_view id) {
  return services.database.write([&](db::Session& session) -> Result<void> {
    const Time now = services.clock.now();
    const auto rights = still_governs(session, requester, place, now);
    if (!rights) return pass_on(rights);
    const auto hook = hooks::find_hook(session, target_of(place), id);
    if (!hook) return pass_on(hook);
    hooks::remove_hook(session, hook->id);
    record(session, requester, "hook.remove", place, *hook, now);
    return {};
  });
}

Result<hooks::Delivery> redeliver(RegistryServices& services, const Requester& requester,
                                  const GovernedPlace& place, std::string_view id,
                                  std::string_view delivery_id) {
  return services.database.write([&](db::Session& session) -> Result<hooks::Delivery> {
    const Time now = services.clock.now();
    const auto rights = still_governs(session, requester, place, now);
    if (!rights) return pass_on(rights);
    const auto hook = hooks::find_hook(session, target_of(place), id);
    if (!hook) return pass_on(hook);
    auto delivery = hooks::redeliver(session, hook->id, delivery_id, now);
    if (delivery) record(session, requester, "hook.redeliver", place, *hook, now);
    return delivery;
  });
}

Result<void> tidy_hooks(RegistryServices& services) {
  constexpr std::int64_t kAtOnce = 1000;
  const Time now = services.clock.now();
  const auto due = services.database.read(
      [&](db::Session& session) -> Result<bool> { return hooks::any_old_delivery(session, now); });
  if (!due) return pass_on(due);
  if (!*due) return {};
  return services.database.write([&](db::Session& session) -> Result<void> {
    hooks::forget_old_deliveries(session, now, kAtOnce);
    return {};
  });
}

}  // namespace imp::registry
