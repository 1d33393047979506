#include "ci/config/node.h"

#include <fmt/format.h>

#include <algorithm>

namespace imp::ci::config {

namespace {

constexpr std::size_t node_weight = 64;

}  // namespace

const Entry* Node::find(std::string_view key) const {
  if (!map()) return nullptr;
  const auto found = std::ranges::find(*map(), key, &Entry::key);
  return found == map()->end() ? nullptr : &*found;
}

std::string describe(const Node& node) {
  if (node.list()) return "a list";
  if (node.map()) return "a map";
  const Scalar& scalar = *node.scalar();
  if (std::holds_alternative<Null>(scalar)) return "empty";
  if (std::holds_alternative<std::string>(scalar)) return "text";
  const char* type = std::holds_alternative<bool>(scalar) ? "boolean" : "number";
  if (node.templated) return fmt::format("the {} {}", type, to_text(scalar));
  return fmt::format("the {} {} (quote it if it is meant as text)", type, node.written);
}

void measure(Node& node) {
  node.weight = node_weight + node.written.size();
  node.depth = 1;
  const auto add = [&](const Node& child, std::size_t more) {
    node.weight += child.weight + more;
    node.depth = std::max(node.depth, child.depth + 1);
  };
  if (const List* list = node.list()) {
    for (const NodePtr& item : *list) add(*item, 0);
  } else if (const Map* map = node.map()) {
    for (const Entry& entry : *map) add(*entry.value, node_weight + entry.key.size());
  } else if (const std::string* text = node.string()) {
    node.weight += text->size();
  }
}

}  // namespace imp::ci::config
