#pragma once

#include <string>
#include <string_view>

#include "base/failure.h"

namespace imp::registry {

/// Where an entry of a package's tarball ends up.
struct EntryPath {
  std::string inside;  ///< below the package's directory: the first component is dropped
  std::string shown;   ///< the path as it was, printable, for messages
};

/// Refuses paths that leave the package's directory on any system: "..", absolute ones, drive
/// letters, backslashes in either role, control characters. Empty and "." components are dropped,
/// as unpacking does.
Result<EntryPath> entry_path(std::string_view raw);

/// True when two relative paths name one file on some usual file system: letters differ in case
/// only, or dots and blanks at the end.
bool same_on_any_disk(std::string_view a, std::string_view b);

}  // namespace imp::registry
