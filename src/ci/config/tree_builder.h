#pragma once

#include <libfyaml.h>

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ci/config/node.h"
#include "ci/config/problem.h"

namespace imp::ci::config {

/// Builds the tree of one YAML document from the parser's events, without recursion, resolving
/// aliases and merge keys and keeping the limits of yaml_reader.h. Internal to read_yaml().
class TreeBuilder {
 public:
  /// `source` is the text that the events come from.
  explicit TreeBuilder(std::string_view source) : source_(source) {}

  /// The first problem ends the reading.
  std::optional<Problem> take(fy_event* event);

  /// Null before a document has ended.
  NodePtr root() const { return root_; }

 private:
  using Refused = std::optional<Problem>;

  struct Frame {
    Node node;
    std::string anchor;
    std::optional<Entry> key;  ///< of a map, waiting for its value
    bool merging = false;      ///< that key is the merge key
    Map merged;                ///< what merge keys brought, first come first
    std::set<std::string, std::less<>> keys;
    std::set<std::string, std::less<>> merged_keys;
  };

  Refused take_scalar(fy_event* event);
  Refused take_key(const Node& node, bool plain);
  Refused take_alias(fy_event* event);
  Refused open(fy_event* event, std::variant<Scalar, List, Map> empty);
  Refused close();
  Refused add(NodePtr node);
  Refused merge(Frame& frame, const Node& source, Position position);
  bool wants_key() const;
  Position scalar_position(fy_event* event, fy_scalar_style style) const;
  /// Nothing where the scalar is malformed.
  std::optional<std::string> scalar_text(fy_event* event, fy_scalar_style style) const;
  void remember(const std::string& anchor, NodePtr node);

  std::string_view source_;
  std::vector<Frame> frames_;  ///< the collections that are open, outermost first
  std::map<std::string, NodePtr, std::less<>> anchors_;
  NodePtr root_;
  /// Of all merge keys so far, repeated entries too: unlike an alias, a merge copies, and a map of
  /// a few bytes may merge a large one many times.
  std::size_t merged_bytes_ = 0;
  int documents_ = 0;
};

}  // namespace imp::ci::config
