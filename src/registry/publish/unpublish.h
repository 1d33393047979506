#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/publish/package_change.h"

namespace imp::registry {

/// Unpublishes some versions; their numbers stay burnt. Where `latest` pointed at one of them it
/// moves to the highest stable version that remains, else to the highest prerelease; other tags of
/// theirs go. Without any version left the package is closed as by unpublish_all(). Versions that
/// are not published any more are skipped.
Result<Changed> unpublish_versions(db::Session& session, const PackageName& name,
                                   const std::vector<std::string>& versions, const Caller& caller,
                                   Time now);

/// `DELETE /<p>/-rev/<rev>`: unpublishes everything and closes the name for a day. Success,
/// whatever the revision, when nothing is published any more. Staged versions keep their
/// reservations.
Result<Changed> unpublish_all(db::Session& session, const PackageName& name, std::string_view rev,
                              const Caller& caller, Time now);

/// `DELETE /<p>/-/<file>/-rev/<rev>`, the last step of npm's unpublish: the version must be gone
/// already. Changes nothing.
Result<Changed> confirm_tarball_gone(db::Session& session, const PackageName& name,
                                     std::string_view file, const Caller& caller);

}  // namespace imp::registry
