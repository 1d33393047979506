#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "db/database.h"
#include "registry/packages/package_name.h"

namespace imp::registry {

// The operator's brake: while a package, a scope or the whole registry is frozen, nothing of it is
// published, staged, approved, exchanged for, tagged, unpublished or deprecated. Whoever may read
// it reads it; its people can still be changed, since an incident is often about them.

/// What a freeze covers.
class FreezeTarget {
 public:
  /// A package by its name, whether or not it exists: a name can be kept closed.
  static Result<FreezeTarget> package(std::string_view name);
  /// All packages of a scope: "@acme".
  static Result<FreezeTarget> scope(std::string_view scope);
  static FreezeTarget everything() { return FreezeTarget("/"); }
  /// Of a row that add_freeze() wrote.
  static FreezeTarget stored(std::string key) { return FreezeTarget(std::move(key)); }
  /// {"package": …}, {"scope": …} or {"everything": true}; other members are not looked at.
  static Result<FreezeTarget> parse(const boost::json::object& request);

  /// "@acme/widget", "@acme/" or "/": how it is kept. No name ends with a slash.
  const std::string& key() const { return key_; }
  /// "@acme/widget", "the scope @acme" or "this registry".
  std::string text() const;
  /// For the audit log: "package:@acme/widget", "scope:@acme" or "registry".
  std::string subject() const;
  bool covers(std::string_view package_name) const;
  /// The member that parse() reads.
  boost::json::object to_json() const;

 private:
  explicit FreezeTarget(std::string key) : key_(std::move(key)) {}
  bool is_scope() const { return key_.size() > 1 && key_.ends_with('/'); }
  std::string key_;
};

struct Freeze {
  std::string id;  ///< UUID
  FreezeTarget target;
  std::string reason;      ///< the operator's words, for whoever is refused
  std::string created_by;  ///< "system" or a person's name
  Time created_at;
  /// {"id", "package" or "scope" or "everything", "reason", "createdBy", "createdAt"}
  boost::json::object to_json() const;
};

/// Closes the target from now on. The reason has 1 to 500 characters without control characters.
/// BrakeRefusal::invalid_freeze, freeze_exists.
Result<Freeze> add_freeze(db::Session& session, const FreezeTarget& target, std::string_view reason,
                          std::string_view created_by, Time now);
/// Opens it again. BrakeRefusal::freeze_not_found.
Result<Freeze> remove_freeze(db::Session& session, std::string_view id);
/// Oldest first.
std::vector<Freeze> freezes(db::Session& session);

/// The freeze that covers a package: its own before its scope's before the registry's.
std::optional<Freeze> freeze_of(db::Session& session, const PackageName& name);
/// BrakeRefusal::frozen with the operator's reason. Ask it of whoever may know that the package
/// exists, in the transaction that changes something.
Result<void> not_frozen(db::Session& session, const PackageName& name);

std::vector<db::Migration> brake_migrations();

}  // namespace imp::registry
