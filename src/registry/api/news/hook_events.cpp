#include "registry/api/news/hook_events.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "accounts/organizations.h"
#include "hooks/outbox.h"
#include "registry/api/news/hook_pause.h"
#include "registry/api/staging/stage_state.h"
#include "registry/packages/store.h"

namespace imp::registry {

namespace {

constexpr auto kEvents = std::to_array<std::string_view>(
    {"release.staged", "release.approved", "release.published", "release.rejected",
     "release.withdrawn", "release.expired", "version.published", "publisher.added",
     "publisher.changed", "publisher.removed", "publisher.adopted", "publisher.learnt",
     "publisher.ending", "publisher.kept", "publisher.ended"});

bool administers(const Caller& author, std::string_view organization_id) {
  return std::ranges::any_of(author.organizations, [&](const Membership& membership) {
    return membership.organization == organization_id && membership.admin;
  });
}

bool still_governs(db::Session& session, const hooks::Hook& hook,
                   const std::optional<std::string>& owner, const Package* package) {
  const Caller author = approval_rights(session, owner).caller(hook.created_by);
  if (hook.target.kind == hooks::Target::Kind::organization) {
    return administers(author, hook.target.id);
  }
  return package != nullptr && may_administer(author, access_of(session, *package));
}

/// Whose webhooks are told.
struct Told {
  const std::optional<std::string>& owner;
  const Package* package;  ///< none for what concerns a whole scope
};

std::string organization_name(db::Session& session, const std::optional<std::string>& id) {
  const auto found = id ? accounts::find_organization(session, *id) : std::nullopt;
  return found ? found->name : std::string();
}

void pause(db::Session& session, const hooks::Hook& hook, std::string why, const Told& told,
           Time now) {
  const bool of_package = hook.target.kind == hooks::Target::Kind::package;
  audit::Record record;
  record.at = now;
  record.actor = "system";
  record.subject = of_package ? "package:" + hook.target.id
                              : "organization:" + organization_name(session, told.owner);
  record.organization = told.owner;
  pause_hook(session, hook, std::move(why), std::move(record));
}

/// Queues for those that want it, or pauses those whose author may not govern any more, or for
/// which too much waits.
void tell_each(db::Session& session, const std::vector<hooks::Hook>& hooks, const Told& told,
               std::string_view type, const boost::json::object& data, Time now) {
  for (const hooks::Hook& hook : hooks) {
    if (!hook.paused.empty() || !hook.wants(type)) continue;
    std::string why = still_governs(session, hook, told.owner, told.package)
                          ? hooks::queue(session, hook, type, data, now)
                          : author_may_not(hook);
    if (!why.empty()) pause(session, hook, std::move(why), told, now);
  }
}

}  // namespace

std::span<const std::string_view> hook_events() { return kEvents; }

void tell_hooks(db::Session& session, const Package& package, std::string_view type,
                boost::json::object data, Time now) {
  std::vector<hooks::Hook> told =
      hooks::hooks_of(session, {hooks::Target::Kind::package, package.name});
  if (package.owner) {
    for (hooks::Hook& hook :
         hooks::hooks_of(session, {hooks::Target::Kind::organization, *package.owner})) {
      told.push_back(std::move(hook));
    }
  }
  if (told.empty()) return;
  data["package"] = package.name;
  tell_each(session, told, {package.owner, &package}, type, data, now);
}

void tell_hooks(db::Session& session, std::string_view package_name, std::string_view type,
                boost::json::object data, Time now) {
  const auto package = find_package(session, package_name);
  if (package) tell_hooks(session, *package, type, std::move(data), now);
}

void tell_scope_hooks(db::Session& session, std::string_view organization_id, std::string_view type,
                      boost::json::object data, Time now) {
  const std::string id(organization_id);
  std::vector<hooks::Hook> told = hooks::hooks_of(session, {hooks::Target::Kind::organization, id});
  const auto organization = accounts::find_organization(session, id);
  if (told.empty() || !organization) return;
  data["scope"] = "@" + organization->name;
  const std::optional<std::string> owner = id;
  tell_each(session, told, {owner, nullptr}, type, data, now);
}

}  // namespace imp::registry
