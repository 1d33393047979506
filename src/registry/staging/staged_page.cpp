#include <boost/json.hpp>
#include <map>

#include "registry/packages/store.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {

namespace {

/// The condition on staged_release for the packages that the caller maintains or their
/// organisations own, which are those that they may write.
std::string of_own_packages(const Caller& caller, std::vector<db::Value>& parameters) {
  std::string sql = "package_id IN (SELECT package_id FROM package_maintainer WHERE person = :p1";
  parameters.emplace_back(caller.person);
  for (const Membership& membership : caller.organizations) {
    parameters.emplace_back(membership.organization);
    sql += " UNION SELECT id FROM package WHERE owner = :p" + std::to_string(parameters.size());
  }
  return sql + ")";
}

/// Ids and package names, newest first, of what the packages of the caller have staged: those that
/// they maintain or their organisations own. It begins at the caller's packages, so that a registry
/// full of other people's releases is not read.
std::vector<db::Row> staged_of_own_packages(db::Session& session, const Caller& caller) {
  std::vector<db::Value> parameters;
  const std::string own = of_own_packages(caller, parameters);
  return session.rows(
      "SELECT id, package_name FROM staged_release WHERE " + own + " ORDER BY created_at DESC, id",
      std::move(parameters));
}

std::vector<db::Row> staged_of(db::Session& session, const std::string& package_name) {
  return session.rows(
      "SELECT id, package_name FROM staged_release WHERE package_name = :p1 "
      "ORDER BY created_at DESC, id",
      {package_name});
}

}  // namespace

std::int64_t count_staged(db::Session& session, const Caller& caller, std::int64_t most) {
  if (caller.person.empty()) return 0;
  std::vector<db::Value> parameters;
  const std::string own = of_own_packages(caller, parameters);
  parameters.emplace_back(most);
  return session
      .row("SELECT COUNT(*) FROM (SELECT 1 FROM staged_release WHERE " + own + " LIMIT :p" +
               std::to_string(parameters.size()) + ") AS waiting",
           parameters)
      ->integer(0);
}

StagedPage staged_releases(db::Session& session, const Caller& caller,
                           const std::optional<std::string>& package_name, std::int64_t page,
                           std::int64_t per_page,
                           const std::function<bool(std::string_view)>& reaches) {
  StagedPage found;
  if (caller.person.empty()) return found;
  std::map<std::string, bool> shown;  // by package
  for (const db::Row& row :
       package_name ? staged_of(session, *package_name) : staged_of_own_packages(session, caller)) {
    const auto [package, is_new] = shown.try_emplace(row.text(1), false);
    if (is_new) {
      package->second =
          (!reaches || reaches(package->first)) && may_decide(session, package->first, caller);
    }
    if (!package->second) continue;
    // What was staged may be large: it is read for the releases of the page alone.
    if (found.total >= page * per_page && found.total < (page + 1) * per_page) {
      if (auto release = find_staged(session, row.text(0))) {
        found.items.push_back(std::move(*release));
      }
    }
    ++found.total;
  }
  return found;
}

}  // namespace imp::registry
