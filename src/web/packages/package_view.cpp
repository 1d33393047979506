#include "web/packages/package_view.h"

#include <algorithm>

#include "registry/brakes/freeze.h"
#include "registry/packages/refusal.h"
#include "registry/staging/staged_release.h"

namespace imp::web {

namespace {

/// The owner of a package, when the visitor is a member of it.
std::optional<accounts::Organization> own_organization(const Visit& visit,
                                                       const PackageView& view) {
  const std::optional<std::string>& owner = view.package.package.owner;
  if (!owner) return std::nullopt;
  const auto& mine = view.requester.rights().organizations;
  if (std::ranges::find(mine, *owner, &registry::Membership::organization) == mine.end()) {
    return std::nullopt;
  }
  auto found = visit.services.accounts.organizations.by_id(*owner);
  if (!found) return std::nullopt;
  return std::move(*found);
}

}  // namespace

Result<PackageView> package_view(const Visit& visit) {
  auto& services = visit.services.registry;
  const auto name = registry::addressed_package(visit.request);
  if (!name) return pass_on(name);
  auto requester = registry::Requester::identify(services, visit.request);
  if (!requester) return pass_on(requester);
  auto found = services.database.read([&](db::Session& session) -> Result<PackageView> {
    const auto hidden = [&] {
      return refuse(registry::PackageRefusal::package_not_found,
                    fmt::format("There is no package {}.", name->text()));
    };
    auto package = registry::load_snapshot(session, name->text());
    if (!package || !registry::may_read(requester->rights(), package->access())) return hidden();
    const bool writer = registry::may_write(requester->rights(), package->access());
    const bool public_part = package->has_published() || package->package.unpublished_at;
    if (!public_part && !writer) return hidden();
    const bool governs = registry::may_administer(requester->rights(), package->access());
    PackageView view{*name, std::move(*requester), std::move(*package), writer, governs};
    if (const auto freeze = registry::freeze_of(session, *name)) view.frozen = freeze->reason;
    if (writer) {
      view.staged =
          registry::staged_releases(session, view.requester.rights(), name->text(), 0, 1).total;
    }
    return view;
  });
  if (found) found->organization = own_organization(visit, *found);
  return found;
}

}  // namespace imp::web
