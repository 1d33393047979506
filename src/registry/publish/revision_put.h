#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string_view>

#include "registry/publish/package_change.h"

namespace imp::registry {

/// Tells who has an account, within the same transaction.
class PersonLookup {
 public:
  virtual ~PersonLookup() = default;
  virtual std::optional<Person> find(db::Session& session, std::string_view name) const = 0;
};

/// `PUT /<p>/-rev/<rev>`, which two commands send:
///  - `npm unpublish <p>@<v>`: the packument without some versions. Those are unpublished;
///    whatever else the document says is not taken over, and tags are repaired by the registry.
///  - `npm owner add|rm`: exactly {"_id", "_rev", "maintainers"}.
/// `rev` must be the current revision; a document that asks for what is so already succeeds anyway,
/// because the client repeats this request after a server error.
Result<Changed> put_revision(db::Session& session, const PackageName& name, std::string_view rev,
                             const boost::json::object& document, const PersonLookup& people,
                             const Caller& caller, Time now);

}  // namespace imp::registry
