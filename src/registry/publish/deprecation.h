#pragma once

#include <boost/json/object.hpp>

#include "registry/publish/package_change.h"

namespace imp::registry {

/// `PUT /<p>` without attachments, as `npm deprecate` sends it: the packument with other
/// `deprecated` messages. Nothing else within a version may differ from what is stored (the
/// tarball's address aside), no version may be new, and dist-tags must be as they are; other
/// top-level keys are derived and ignored. An empty message takes a deprecation back. `_rev` must
/// be the current one, unless the document asks for what is so already.
Result<Changed> deprecate(db::Session& session, const PackageName& name,
                          const boost::json::object& document, const Caller& caller, Time now);

}  // namespace imp::registry
