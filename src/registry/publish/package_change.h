#pragma once

#include <boost/json/object.hpp>
#include <cstdint>

#include "base/clock.h"
#include "db/database.h"
#include "registry/packages/access.h"
#include "registry/packages/store.h"

namespace imp::registry {

/// What a change of a published package did. After the transaction is durable, its cached packument
/// is invalidated with `package.revision`.
struct Changed {
  Package package;
  bool changed = true;  ///< false: it was so already (a client's retry), nothing was written
  boost::json::object detail = {};  ///< what exactly, for the audit record
};

/// What is to be changed, and so who may.
enum class ChangeOf : std::uint8_t {
  tags,            ///< whoever may write; an exchanged token too, for its package
  versions,        ///< persons who may write
  administration,  ///< persons who may administer; also while the package is frozen
  /// Persons who may write. What they change, and so whether a freeze forbids it, is in a document
  /// that is still to come.
  to_be_seen,
};

/// Finds a package to change. One that the caller may not read is package_not_found. Call inside
/// the write transaction.
Result<Package> open_for_change(db::Session& session, const PackageName& name, const Caller& caller,
                                ChangeOf what);

}  // namespace imp::registry
