#include "registry/publish/ownership.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "registry/publish/refusal.h"

namespace imp::registry {

Result<Changed> change_owners(db::Session& session, const PackageName& name,
                              const std::vector<Person>& maintainers, const Caller& caller,
                              Time now) {
  Result<Package> package = open_for_change(session, name, caller, ChangeOf::administration);
  if (!package) return pass_on(package);
  std::vector<Person> wanted;
  for (const Person& person : maintainers) {
    if (std::ranges::find(wanted, person.name, &Person::name) == wanted.end()) {
      wanted.push_back(person);
    }
  }
  if (wanted.empty() && !package->owner) {
    return refuse(PublishRefusal::last_owner,
                  "A package must keep at least one maintainer: add another before removing the "
                  "last.");
  }
  if (wanted == maintainers_of(session, package->id)) return Changed{std::move(*package), false};
  write_maintainers(session, package->id, wanted, now);
  touch(session, *package, now);
  boost::json::array names;
  for (const Person& person : wanted) names.emplace_back(person.name);
  return Changed{std::move(*package), true, {{"maintainers", std::move(names)}}};
}

std::vector<Package> leave_packages_of(db::Session& session, std::string_view organization,
                                       std::string_view person, Time now) {
  std::vector<Package> changed;
  for (const std::string& name : packages_maintained_by(session, person)) {
    std::optional<Package> package = find_package(session, name);
    if (!package || package->owner != organization) continue;
    std::vector<Person> remaining = maintainers_of(session, package->id);
    std::erase_if(remaining, [&](const Person& one) { return one.name == person; });
    write_maintainers(session, package->id, remaining);
    touch(session, *package, now);
    changed.push_back(std::move(*package));
  }
  return changed;
}

Result<Changed> change_access(db::Session& session, const PackageName& name, Access access,
                              const Caller& caller, Time now) {
  Result<Package> package = open_for_change(session, name, caller, ChangeOf::administration);
  if (!package) return pass_on(package);
  if (access == Access::restricted && !name.scoped()) {
    return refuse(PublishRefusal::restricted_unscoped, "Only scoped packages can be restricted.");
  }
  if (package->access == access) return Changed{std::move(*package), false};
  write_access(session, *package, access);
  touch(session, *package, now);
  return Changed{std::move(*package)};
}

}  // namespace imp::registry
