#pragma once

#include <string_view>

#include "registry/publish/package_change.h"

namespace imp::registry {

/// `PUT /-/package/<p>/dist-tags/<tag>`: points the tag at a published version.
Result<Changed> tag_version(db::Session& session, const PackageName& name, std::string_view tag,
                            std::string_view version, const Caller& caller, Time now);

/// `DELETE /-/package/<p>/dist-tags/<tag>`. Success when the tag is gone already. `latest` stays.
Result<Changed> untag(db::Session& session, const PackageName& name, std::string_view tag,
                      const Caller& caller, Time now);

}  // namespace imp::registry
