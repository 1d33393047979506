#pragma once

#include <string>
#include <vector>

#include "base/failure.h"

namespace imp {

/// A leaf of a YAML settings file: nested maps become a dotted key.
struct FileSetting {
  std::string key;
  std::vector<std::string> values;  ///< one for a scalar, any number for a list of scalars
  int line = 0;                     ///< from 1
};

/// Reads a settings file of maps, lists and scalars, in the file's order. A file that cannot be
/// read, is not YAML, repeats a key, or holds anything else is refused with its line.
Result<std::vector<FileSetting>> read_yaml_settings(const std::string& path);

}  // namespace imp
