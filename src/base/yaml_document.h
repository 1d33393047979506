#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/failure.h"

namespace imp {

struct YamlMember;

/// A YAML file of maps, lists and scalars with the places of all of them, for files that people
/// write and get messages about.
struct YamlNode {
  enum class Kind { null, scalar, list, map };
  enum class Style { plain, quoted, block };
  Kind kind = Kind::null;
  Style style = Style::plain;       ///< of a scalar
  std::string text;                 ///< of a scalar
  std::vector<YamlNode> items;      ///< of a list
  std::vector<YamlMember> members;  ///< of a map, in order; keys are scalars
  int line = 1, column = 1;         ///< where it begins, from 1

  /// The value of a map's member; null when there is none.
  const YamlNode* member(std::string_view key) const;
};

struct YamlMember {
  YamlNode first, second;  ///< key and value
};

/// Reads the text of a file; one of comments alone is a null node. What is not YAML or no
/// UTF-8, repeats a key, has a key that is not plain text, or an alias, is
/// SettingsRefusal::malformed_file with "<name>:<line>:<column>: ", or without the column.
Result<YamlNode> parse_yaml(std::string_view text, std::string_view name);

}  // namespace imp
