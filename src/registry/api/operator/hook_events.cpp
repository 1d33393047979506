#include "registry/api/operator/hook_events.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "hooks/outbox.h"
#include "registry/api/staging/stage_state.h"
#include "registry/packages/store.h"

namespace imp::registry {

namespace {

constexpr std::array<std::string_view, 10> kEvents = {
    "release.staged",    "release.approved", "release.published", "release.rejected",
    "release.withdrawn", "release.expired",  "version.published", "publisher.added",
    "publisher.removed", "publisher.changed"};

bool still_governs(db::Session& session, const hooks::Hook& hook, const Package& package) {
  const Caller author = approval_rights(session, package.owner).caller(hook.created_by);
  if (hook.target.kind == hooks::Target::Kind::organization) {
    return std::ranges::any_of(author.organizations, [&](const Membership& membership) {
      return membership.organization == hook.target.id && membership.admin;
    });
  }
  return may_administer(author, access_of(session, package));
}

}  // namespace

std::span<const std::string_view> hook_events() { return kEvents; }

void tell_hooks(db::Session& session, std::string_view package_name, std::string_view type,
                boost::json::object data, Time now) {
  const auto package = find_package(session, package_name);
  if (!package) return;
  std::vector<hooks::Hook> told =
      hooks::hooks_of(session, {hooks::Target::Kind::package, package->name});
  if (package->owner) {
    for (hooks::Hook& hook :
         hooks::hooks_of(session, {hooks::Target::Kind::organization, *package->owner})) {
      told.push_back(std::move(hook));
    }
  }
  if (told.empty()) return;
  data["package"] = package->name;
  for (hooks::Hook& hook : told) {
    if (!hook.paused.empty() || !hook.wants(type)) continue;
    if (still_governs(session, hook, *package)) {
      hooks::queue(session, hook, type, data, now);
      continue;
    }
    hook.paused = fmt::format("{}, who set it up, may not any more.", hook.created_by);
    hooks::update_hook(session, hook, std::nullopt);
  }
}

}  // namespace imp::registry
