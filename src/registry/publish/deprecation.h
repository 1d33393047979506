#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/publish/package_change.h"

namespace imp::registry {

/// `PUT /<p>` without attachments, as `npm deprecate` sends it: the packument with other
/// `deprecated` messages. Nothing else within a version may differ from what is stored (the
/// tarball's address aside), no version may be new, and dist-tags must be as they are; other
/// top-level keys are derived and ignored. An empty message takes a deprecation back. `_rev` must
/// be the current one, unless the document asks for what is so already.
///
/// The comparison reads every manifest of the package, so it is made outside of the write
/// transaction, where it holds nobody up; deprecate() then takes it only if the package is still at
/// the revision that was compared with.
struct DeprecationPlan {
  struct Message {
    std::string version;
    std::optional<std::string> text;  ///< nothing takes a deprecation back
  };
  std::int64_t revision = 0;  ///< of the package that was compared with
  std::vector<Message> changes;
};
Result<DeprecationPlan> plan_deprecation(db::Session& session, const PackageName& name,
                                         const boost::json::object& document, const Caller& caller);
Result<Changed> deprecate(db::Session& session, const PackageName& name,
                          const DeprecationPlan& plan, const Caller& caller, Time now);

}  // namespace imp::registry
