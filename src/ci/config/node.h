#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ci/config/scalar.h"

namespace imp::ci::config {

/// From 1; columns count characters.
struct Position {
  std::size_t line = 1;
  std::size_t column = 1;
};

struct Node;
using NodePtr = std::shared_ptr<const Node>;

struct Entry {
  std::string key;  ///< as written, whatever type YAML gives it
  Position position;
  NodePtr value;  ///< never null; a YAML null is a Scalar
};

using List = std::vector<NodePtr>;
using Map = std::vector<Entry>;  ///< in file order, keys unique

/// A YAML node after anchors and merge keys. Aliases share nodes, so the position is where the text
/// stands in the file, which for an alias is its anchor.
struct Node {
  std::variant<Scalar, List, Map> value;
  Position position;
  std::string written;     ///< a scalar's text before its type was resolved
  bool templated = false;  ///< the scalar came out of a `<< >>` tag
  std::size_t weight = 0;  ///< bytes of the subtree with every alias written out, roughly
  std::size_t depth = 1;

  const Scalar* scalar() const { return std::get_if<Scalar>(&value); }
  const List* list() const { return std::get_if<List>(&value); }
  const Map* map() const { return std::get_if<Map>(&value); }
  bool is_null() const { return scalar() && std::holds_alternative<Null>(*scalar()); }
  const std::string* string() const {
    return scalar() ? std::get_if<std::string>(scalar()) : nullptr;
  }

  /// Null when this is not a map, or has no such key.
  const Entry* find(std::string_view key) const;
};

/// What a node is, for messages: "a list", "the number 3.1 (quote it if it is meant as text)".
std::string describe(const Node& node);

/// Computes weight and depth from the children, which must have theirs.
void measure(Node& node);

}  // namespace imp::ci::config
