#include "ci/config/yaml_reader.h"

#include <fmt/format.h>
#include <libfyaml.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/encoding.h"

namespace imp::ci::config {

namespace {

using Refused = std::optional<Problem>;

template <auto Function>
struct Release {
  void operator()(auto* handle) const { Function(handle); }
};
using Parser = std::unique_ptr<fy_parser, Release<fy_parser_destroy>>;
using Diagnostics = std::unique_ptr<fy_diag, Release<fy_diag_destroy>>;

Problem problem(ConfigRefusal refusal, Position position, std::string message) {
  return {refusal, position.line, position.column, {}, std::move(message)};
}

std::string text_of(fy_token* token) {
  if (!token) return {};
  std::size_t length = 0;
  const char* text = fy_token_get_text(token, &length);
  return text ? std::string(text, length) : std::string();
}

Position position_of(fy_event* event) {
  const fy_mark* mark = fy_event_start_mark(event);
  if (!mark) return {};
  return {static_cast<std::size_t>(std::max(0, mark->line)) + 1,
          static_cast<std::size_t>(std::max(0, mark->column)) + 1};
}

/// Builds the tree from the parser's events, without recursion.
class TreeBuilder {
 public:
  Refused take(fy_event* event) {
    const Position position = position_of(event);
    switch (event->type) {
      case FYET_DOCUMENT_START:
        if (++documents_ == 1) return {};
        return problem(ConfigRefusal::yaml_malformed, position,
                       "A configuration is one YAML document; remove what follows `---`.");
      case FYET_SCALAR:
        return take_scalar(event, position);
      case FYET_ALIAS:
        return take_alias(event, position);
      case FYET_SEQUENCE_START:
        return open(event, position, List{});
      case FYET_MAPPING_START:
        return open(event, position, Map{});
      case FYET_SEQUENCE_END:
      case FYET_MAPPING_END:
        return close();
      default:
        return {};
    }
  }

  NodePtr root() const { return root_; }

 private:
  struct Frame {
    Node node;
    std::string anchor;
    std::optional<Entry> key;  ///< of a map, waiting for its value
    bool merging = false;      ///< that key is the merge key
    Map merged;                ///< what merge keys brought, first come first
    std::set<std::string, std::less<>> keys;
    std::set<std::string, std::less<>> merged_keys;
  };

  Refused take_scalar(fy_event* event, Position position) {
    const std::string tag = text_of(fy_event_get_tag_token(event));
    if (auto refused = check_tag(tag, position)) return refused;
    fy_token* token = fy_event_get_token(event);
    const fy_scalar_style style = token ? fy_token_scalar_style(token) : FYSS_PLAIN;
    const bool plain = style == FYSS_PLAIN;
    Node node;
    node.position = scalar_position(event, style);
    node.written = text_of(token);
    const bool text = tag.ends_with("str") || (!plain && tag.empty());
    node.value = text ? Scalar(node.written) : resolve_plain(node.written);

    const bool wants_key = !frames_.empty() && frames_.back().node.map() && !frames_.back().key;
    if (wants_key) {
      if (node.written.size() > max_key_bytes) {
        return problem(ConfigRefusal::config_too_large, node.position,
                       fmt::format("A key has at most {} bytes.", max_key_bytes));
      }
      Frame& frame = frames_.back();
      frame.merging = plain && tag.empty() && node.written == "<<";
      frame.key = Entry{node.written, node.position, nullptr};
      if (!frame.merging && !frame.keys.insert(node.written).second) {
        return problem(ConfigRefusal::duplicate_name, node.position,
                       fmt::format("The key `{}` is in this map twice.", node.written));
      }
    }
    measure(node);
    auto shared = std::make_shared<const Node>(std::move(node));
    remember(text_of(fy_event_get_anchor_token(event)), shared);
    return wants_key ? Refused() : add(std::move(shared));
  }

  /// The parser's mark is behind an opening quote, at the first line of a block, and missing for a
  /// value that is not there; people look for the quote, or for the key.
  Position scalar_position(fy_event* event, fy_scalar_style style) const {
    Position position = position_of(event);
    const bool quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
    if (quoted && position.column > 1) --position.column;
    const bool block = style == FYSS_LITERAL || style == FYSS_FOLDED;
    if (frames_.empty() || (fy_event_start_mark(event) && !block)) return position;
    const Frame& frame = frames_.back();
    return frame.key ? frame.key->position : frame.node.position;
  }

  Refused take_alias(fy_event* event, Position position) {
    if (position.column > 1) --position.column;  // the mark is behind the `*`
    const std::string name = text_of(fy_event_get_token(event));
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) {
      return problem(ConfigRefusal::unknown_reference, position,
                     fmt::format("No anchor `&{}` stands before the alias `*{}`.", name, name));
    }
    if (!frames_.empty() && frames_.back().node.map() && !frames_.back().key) {
      return problem(ConfigRefusal::wrong_type, position, "An alias cannot be a key here.");
    }
    return add(found->second);
  }

  Refused open(fy_event* event, Position position, std::variant<Scalar, List, Map> empty) {
    if (auto refused = check_tag(text_of(fy_event_get_tag_token(event)), position)) return refused;
    if (!frames_.empty() && frames_.back().node.map() && !frames_.back().key) {
      return problem(ConfigRefusal::wrong_type, position, "A key must be plain text.");
    }
    if (frames_.size() >= max_yaml_depth) return too_deep(position);
    Frame frame;
    frame.node.value = std::move(empty);
    frame.node.position = position;
    frame.anchor = text_of(fy_event_get_anchor_token(event));
    frames_.push_back(std::move(frame));
    return {};
  }

  Refused close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (auto* map = std::get_if<Map>(&frame.node.value)) {
      // What the map says itself wins over what it merges.
      std::erase_if(frame.merged, [&](const Entry& e) { return frame.keys.contains(e.key); });
      std::ranges::move(*map, std::back_inserter(frame.merged));
      *map = std::move(frame.merged);
    }
    measure(frame.node);
    if (frame.node.weight > max_expanded_bytes) {
      return problem(ConfigRefusal::config_too_large, frame.node.position,
                     fmt::format("With its aliases written out this is over the limit of {} MiB.",
                                 max_expanded_bytes >> 20));
    }
    if (frame.node.depth > max_yaml_depth) return too_deep(frame.node.position);
    auto node = std::make_shared<const Node>(std::move(frame.node));
    remember(frame.anchor, node);
    return add(std::move(node));
  }

  Refused add(NodePtr node) {
    if (frames_.empty()) {
      root_ = std::move(node);
      return {};
    }
    Frame& frame = frames_.back();
    if (auto* list = std::get_if<List>(&frame.node.value)) {
      list->push_back(std::move(node));
      return {};
    }
    Entry entry = std::move(*frame.key);
    frame.key.reset();
    if (frame.merging) return merge(frame, *node, entry.position);
    entry.value = std::move(node);
    std::get<Map>(frame.node.value).push_back(std::move(entry));
    return {};
  }

  Refused merge(Frame& frame, const Node& source, Position position) {
    if (const List* list = source.list()) {
      for (const NodePtr& item : *list) {
        if (!item->map()) return bad_merge(position);
        if (auto refused = merge(frame, *item, position)) return refused;
      }
      return {};
    }
    if (!source.map()) return bad_merge(position);
    for (const Entry& entry : *source.map()) {
      if (frame.merged_keys.insert(entry.key).second) frame.merged.push_back(entry);
    }
    return {};
  }

  static Refused bad_merge(Position position) {
    return problem(ConfigRefusal::wrong_type, position,
                   "The merge key `<<` takes an alias of a map, or a list of such aliases.");
  }

  static Refused too_deep(Position position) {
    return problem(ConfigRefusal::config_too_large, position,
                   fmt::format("This is nested more than {} levels deep.", max_yaml_depth));
  }

  static Refused check_tag(std::string_view tag, Position position) {
    constexpr std::array<std::string_view, 7> core{"str",  "int", "bool", "float",
                                                   "null", "map", "seq"};
    if (tag.empty()) return {};
    for (const std::string_view name : core) {
      if (tag == name || tag == fmt::format("!!{}", name) ||
          tag == fmt::format("tag:yaml.org,2002:{}", name)) {
        return {};
      }
    }
    return problem(ConfigRefusal::yaml_malformed, position,
                   fmt::format("The YAML tag `{}` means nothing here; remove it.", tag));
  }

  void remember(const std::string& anchor, NodePtr node) {
    if (!anchor.empty()) anchors_[anchor] = std::move(node);
  }

  std::vector<Frame> frames_;
  std::map<std::string, NodePtr, std::less<>> anchors_;
  NodePtr root_;
  int documents_ = 0;
};

Problem malformed(fy_diag* diagnostics) {
  void* at = nullptr;
  const fy_diag_error* error = fy_diag_errors_iterate(diagnostics, &at);
  if (!error) return problem(ConfigRefusal::yaml_malformed, {}, "This is not YAML.");
  // libfyaml counts both from 1 here and from 0 in its marks; 0 means that it does not know.
  const Position position{static_cast<std::size_t>(std::max(1, error->line)),
                          static_cast<std::size_t>(std::max(1, error->column))};
  return problem(ConfigRefusal::yaml_malformed, position,
                 fmt::format("This is not YAML: {}.", error->msg ? error->msg : "syntax error"));
}

Refused check_bytes(std::string_view text) {
  if (text.size() > max_config_bytes) {
    return problem(ConfigRefusal::config_too_large, {},
                   fmt::format("The file has {} bytes; the limit is {} KiB.", text.size(),
                               max_config_bytes >> 10));
  }
  if (text.contains('\0') || !is_utf8(text)) {
    return problem(ConfigRefusal::yaml_malformed, {}, "The file is not UTF-8 text.");
  }
  return {};
}

}  // namespace

std::expected<NodePtr, Problem> read_yaml(std::string_view text) {
  if (auto refused = check_bytes(text)) return std::unexpected(std::move(*refused));

  fy_diag_cfg diagnostics_settings;
  fy_diag_cfg_default(&diagnostics_settings);
  diagnostics_settings.fp = nullptr;
  diagnostics_settings.output_fn = [](fy_diag*, void*, const char*, std::size_t) {};
  const Diagnostics diagnostics(fy_diag_create(&diagnostics_settings));
  if (!diagnostics) {
    return std::unexpected(problem(ConfigRefusal::config_too_large, {}, "Out of memory."));
  }
  fy_diag_set_collect_errors(diagnostics.get(), true);

  fy_parse_cfg settings{};
  settings.flags = static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_COLLECT_DIAG |
                                                   FYPCF_JSON_NONE | FYPCF_SLOPPY_FLOW_INDENTATION);
  settings.diag = diagnostics.get();
  const Parser parser(fy_parser_create(&settings));
  if (!parser || fy_parser_set_string(parser.get(), text.data(), text.size()) != 0) {
    return std::unexpected(malformed(diagnostics.get()));
  }

  TreeBuilder builder;
  while (fy_event* event = fy_parser_parse(parser.get())) {
    Refused refused = builder.take(event);
    fy_parser_event_free(parser.get(), event);
    if (refused) return std::unexpected(std::move(*refused));
  }
  if (fy_parser_get_stream_error(parser.get())) {
    return std::unexpected(malformed(diagnostics.get()));
  }
  if (!builder.root()) {
    return std::unexpected(
        problem(ConfigRefusal::yaml_malformed, {}, "The file holds no configuration."));
  }
  return builder.root();
}

}  // namespace imp::ci::config
