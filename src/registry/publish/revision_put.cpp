#include "registry/publish/revision_put.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/clean_text.h"
#include "registry/packages/version_store.h"
#include "registry/publish/ownership.h"
#include "registry/publish/refusal.h"
#include "registry/publish/revision.h"
#include "registry/publish/unpublish.h"

namespace imp::registry {
namespace {

namespace json = boost::json;

Result<std::vector<Person>> wanted_maintainers(db::Session& session, const json::value& list,
                                               const PersonLookup& people) {
  if (!list.is_array()) {
    return refuse(PublishRefusal::bad_field, "\"maintainers\" must be an array.");
  }
  std::vector<Person> out;
  for (const json::value& entry : list.get_array()) {
    const json::value* name = entry.is_object() ? entry.get_object().if_contains("name") : nullptr;
    if (name == nullptr || !name->is_string()) {
      return refuse(PublishRefusal::bad_field, "Every maintainer needs a \"name\".");
    }
    const std::string text(name->get_string());
    std::optional<Person> person = people.find(session, text);
    if (!person) {
      return refuse(PublishRefusal::bad_field,
                    fmt::format("There is no user \"{}\" here.", clean_text(text, 214)));
    }
    out.push_back(std::move(*person));
  }
  return out;
}

bool names_equal(const std::vector<Person>& a, const std::vector<Person>& b) {
  return std::ranges::equal(a, b, {}, &Person::name, &Person::name);
}

Result<Changed> put_owners(db::Session& session, const PackageName& name, bool current,
                           const json::object& document, const PersonLookup& people,
                           const Caller& caller, Time now) {
  Result<Package> package = open_for_change(session, name, caller, ChangeOf::administration);
  if (!package) return pass_on(package);
  const auto wanted = wanted_maintainers(session, document.at("maintainers"), people);
  if (!wanted) return pass_on(wanted);
  if (!current) {
    if (names_equal(*wanted, maintainers_of(session, package->id))) {
      return Changed{std::move(*package), false};
    }
    return stale(name);
  }
  return change_owners(session, name, *wanted, caller, now);
}

// Which published versions the document leaves out. It may not bring any of its own.
Result<std::vector<std::string>> left_out(db::Session& session, const Package& package,
                                          const json::object& versions) {
  std::vector<std::string> out;
  std::size_t kept = 0;
  for (const VersionLine& line : versions_of(session, package.id)) {
    if (line.state != VersionState::published) continue;
    if (versions.contains(line.version)) {
      ++kept;
    } else {
      out.push_back(line.version);
    }
  }
  if (kept != versions.size()) {
    return refuse(PublishRefusal::unexpected_change,
                  "The document has versions that are not published; this address can only remove "
                  "versions or replace maintainers.");
  }
  return out;
}

Result<Changed> put_versions(db::Session& session, const PackageName& name, Package package,
                             bool current, const json::object& versions, const Caller& caller,
                             Time now) {
  const auto gone = left_out(session, package, versions);
  if (!gone) return current ? pass_on(gone) : stale(name);
  if (gone->empty()) return Changed{std::move(package), false};
  if (!current) return stale(name);
  return unpublish_versions(session, name, *gone, caller, now);
}

}  // namespace

Result<Changed> put_revision(db::Session& session, const PackageName& name, std::string_view rev,
                             const json::object& document, const PersonLookup& people,
                             const Caller& caller, Time now) {
  Result<Package> package = open_for_change(session, name, caller, ChangeOf::to_be_seen);
  if (!package) return pass_on(package);
  if (Result<void> ok = same_document_name(document, name); !ok) return pass_on(ok);
  const bool current = rev == couch_rev(*package) &&
                       (document_rev(document).empty() || document_rev(document) == rev);
  const json::value* versions = document.if_contains("versions");
  if (versions != nullptr && versions->is_object()) {
    return put_versions(session, name, std::move(*package), current, versions->get_object(), caller,
                        now);
  }
  if (versions == nullptr && document.contains("maintainers")) {
    return put_owners(session, name, current, document, people, caller, now);
  }
  return refuse(
      PublishRefusal::unexpected_change,
      "The document must have \"versions\" (to unpublish some) or \"maintainers\" alone.");
}

}  // namespace imp::registry
