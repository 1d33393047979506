#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hooks/hook.h"
#include "hooks/outbox.h"
#include "registry/api/governed_place.h"
#include "registry/api/requester.h"
#include "registry/api/services.h"

namespace imp::registry {

/// What both the API and the pages do with webhooks. The second factor is the caller's question,
/// asked in between, before a change.

Result<std::vector<hooks::Hook>> list_hooks(RegistryServices& services, const GovernedPlace& place);
Result<std::vector<hooks::Delivery>> list_deliveries(RegistryServices& services,
                                                     const GovernedPlace& place,
                                                     std::string_view id, std::int64_t limit);

/// What a second factor for a change of webhooks is for (change_subject.h): of one that is added or
/// changed, its address, its events and whether its secret was chosen; of one that is there, its
/// id, too.
std::string hook_subject(const GovernedPlace& place, const hooks::HookRequest& request,
                         std::string_view id = {});
std::string hook_subject(const GovernedPlace& place, const hooks::Hook& hook);
/// The same by its id; of what is not there, the id alone.
Result<std::string> hook_subject(RegistryServices& services, const GovernedPlace& place,
                                 std::string_view id);

/// invalid_hook; to be asked before a second factor is used up.
Result<void> check_hook(const RegistryServices& services, const hooks::HookRequest& request);

struct NewHook {
  hooks::Hook hook;
  std::string secret;  ///< shown this once
};
/// Each with its audit record; rights are asked again in the transaction.
Result<NewHook> add_hook(RegistryServices& services, const Requester& requester,
                         const GovernedPlace& place, const hooks::HookRequest& request);
/// Another address, other events, another secret when one is given; it is not paused afterwards.
Result<hooks::Hook> change_hook(RegistryServices& services, const Requester& requester,
                                const GovernedPlace& place, std::string_view id,
                                const hooks::HookRequest& request);
Result<void> remove_hook(RegistryServices& services, const Requester& requester,
                         const GovernedPlace& place, std::string_view id);
Result<hooks::Delivery> redeliver(RegistryServices& services, const Requester& requester,
                                  const GovernedPlace& place, std::string_view id,
                                  std::string_view delivery_id);

/// Forgets what the logs need not keep. Call now and then.
Result<void> tidy_hooks(RegistryServices& services);

}  // namespace imp::registry
