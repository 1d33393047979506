#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "base/descriptor.h"

namespace imp::ci::runner {

/// Directories that a process holds as long as it lives, so that others can tell them from what a
/// killed one left behind.

/// Holds the directory until the descriptor is closed; nothing when somebody else does, or when it
/// is no directory.
Descriptor hold(const std::string& path);

struct HeldDirectory {
  std::string path;
  Descriptor held;
};
/// Makes a directory of a new name below `parent` and holds it. Nothing, with `error`, when it
/// cannot be made. Others who sweep may take one that is not held yet; another is made then.
std::optional<HeldDirectory> make_held(const std::string& parent, std::string_view prefix,
                                       std::error_code& error);

/// Removes the directories below `parent` whose name begins with `prefix` and that nobody holds.
/// Returns how many.
std::size_t sweep(const std::string& parent, std::string_view prefix = {});

}  // namespace imp::ci::runner
