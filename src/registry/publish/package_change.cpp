#include "registry/publish/package_change.h"

#include <fmt/format.h>

#include "registry/brakes/freeze.h"
#include "registry/packages/refusal.h"
#include "registry/publish/refusal.h"

namespace imp::registry {

Result<Package> open_for_change(db::Session& session, const PackageName& name, const Caller& caller,
                                ChangeOf what) {
  if (caller.anonymous()) {
    return refuse(PackageRefusal::not_signed_in,
                  "Changing a package needs a credential: run npm login.");
  }
  std::optional<Package> package = find_package(session, name.text());
  const PackageAccess access = package ? access_of(session, *package) : PackageAccess{};
  if (!package || !may_read(caller, access)) {
    return refuse(PackageRefusal::package_not_found,
                  fmt::format("There is no package \"{}\" here.", name.text()));
  }
  const bool administer = what == ChangeOf::administration;
  if (what != ChangeOf::tags && caller.only_package) {
    return refuse(PackageRefusal::not_permitted,
                  "A token from trusted publishing can publish and, where it is allowed, set "
                  "dist-tags; nothing else.");
  }
  if (administer ? may_administer(caller, access) : may_write(caller, access)) {
    // People are changed while it is frozen: an incident is often about them.
    if (administer || what == ChangeOf::to_be_seen) return std::move(*package);
    if (const auto open = not_frozen(session, name); !open) return pass_on(open);
    return std::move(*package);
  }
  return refuse(PackageRefusal::not_permitted,
                fmt::format("You do not have permission to change \"{}\". Its maintainers and the "
                            "{} of the organisation that owns it have.",
                            name.text(), administer ? "administrators" : "members"));
}

}  // namespace imp::registry
