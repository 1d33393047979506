#pragma once

#include <string>
#include <vector>

#include "ci/runner/sandbox.h"

namespace imp::ci::runner {

/// bubblewrap's arguments (bwrap(1)) for what a job sees of the file system, in the order in which
/// they must be applied: later mounts cover earlier ones.
std::vector<std::string> mounts(const Sandbox& sandbox, const JobDirectories& directories,
                                const std::string& node);

}  // namespace imp::ci::runner
