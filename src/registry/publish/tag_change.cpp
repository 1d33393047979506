#include "registry/publish/tag_change.h"

#include <fmt/format.h>

#include "base/clean_text.h"
#include "registry/packages/dist_tag.h"
#include "registry/packages/refusal.h"
#include "registry/packages/version_store.h"
#include "registry/publish/refusal.h"

namespace imp::registry {

Result<Changed> tag_version(db::Session& session, const PackageName& name, std::string_view tag,
                            std::string_view version, const Caller& caller, Time now) {
  Result<Package> package = open_for_change(session, name, caller, ChangeOf::tags);
  if (!package) return pass_on(package);
  if (Result<void> ok = check_dist_tag(tag); !ok) return pass_on(ok);
  const auto record = find_version(session, package->id, version);
  if (!record || record->state != VersionState::published) {
    return refuse(
        PackageRefusal::version_not_found,
        fmt::format("\"{}\" has no version \"{}\" to tag.", name.text(), clean_text(version, 260)));
  }
  const auto tags = dist_tags_of(session, package->id);
  const auto found = tags.find(std::string(tag));
  if (found != tags.end() && found->second == version) return Changed{std::move(*package), false};
  write_dist_tag(session, package->id, tag, version);
  touch(session, *package, now);
  return Changed{std::move(*package)};
}

Result<Changed> untag(db::Session& session, const PackageName& name, std::string_view tag,
                      const Caller& caller, Time now) {
  Result<Package> package = open_for_change(session, name, caller, ChangeOf::tags);
  if (!package) return pass_on(package);
  if (tag == "latest") {
    return refuse(
        PublishRefusal::latest_required,
        "The dist-tag \"latest\" cannot be removed; point it at another version instead.");
  }
  if (!dist_tags_of(session, package->id).contains(std::string(tag))) {
    return Changed{std::move(*package), false};
  }
  erase_dist_tag(session, package->id, tag);
  touch(session, *package, now);
  return Changed{std::move(*package)};
}

}  // namespace imp::registry
