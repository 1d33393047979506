#include "ci/config/tree_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "ci/config/scalar_text.h"
#include "ci/config/yaml_reader.h"

namespace imp::ci::config {

namespace {

Problem problem(ConfigRefusal refusal, Position position, std::string message) {
  return {refusal, position.line, position.column, {}, std::move(message)};
}

Problem too_deep(Position position) {
  return problem(ConfigRefusal::config_too_large, position,
                 fmt::format("This is nested more than {} levels deep.", max_yaml_depth));
}

Problem bad_merge(Position position) {
  return problem(ConfigRefusal::wrong_type, position,
                 "The merge key `<<` takes an alias of a map, or a list of such aliases.");
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

/// Only the tags of YAML's own types.
std::optional<Problem> check_tag(fy_event* event) {
  constexpr std::array<std::string_view, 7> core{"str",  "int", "bool", "float",
                                                 "null", "map", "seq"};
  const std::string tag = text_of(fy_event_get_tag_token(event));
  if (tag.empty()) return {};
  for (const std::string_view name : core) {
    if (tag == name || tag == fmt::format("!!{}", name) ||
        tag == fmt::format("tag:yaml.org,2002:{}", name)) {
      return {};
    }
  }
  return problem(ConfigRefusal::yaml_malformed, position_of(event),
                 fmt::format("The YAML tag `{}` means nothing here; remove it.", tag));
}

}  // namespace

std::optional<Problem> TreeBuilder::take(fy_event* event) {
  switch (event->type) {
    case FYET_DOCUMENT_START:
      if (++documents_ == 1) return {};
      return problem(ConfigRefusal::yaml_malformed, position_of(event),
                     "A configuration is one YAML document; remove what follows `---`.");
    case FYET_SCALAR:
      return take_scalar(event);
    case FYET_ALIAS:
      return take_alias(event);
    case FYET_SEQUENCE_START:
      return open(event, List{});
    case FYET_MAPPING_START:
      return open(event, Map{});
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
      return close();
    default:
      return {};
  }
}

bool TreeBuilder::wants_key() const {
  return !frames_.empty() && frames_.back().node.map() && !frames_.back().key;
}

/// The parser's mark is behind an opening quote, at the first line of a block, and missing for a
/// value that is not there; people look for the quote, or for the key.
Position TreeBuilder::scalar_position(fy_event* event, fy_scalar_style style) const {
  Position position = position_of(event);
  const bool quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
  if (quoted && position.column > 1) --position.column;
  const bool block = style == FYSS_LITERAL || style == FYSS_FOLDED;
  if (frames_.empty() || (fy_event_start_mark(event) && !block)) return position;
  const Frame& frame = frames_.back();
  return frame.key ? frame.key->position : frame.node.position;
}

/// From the source and not from the parser, which in some block scalars returns a text of another
/// length than it has written, with bytes of old memory at the end.
std::optional<std::string> TreeBuilder::scalar_text(fy_event* event, fy_scalar_style style) const {
  const fy_mark* start = fy_event_start_mark(event);
  const fy_mark* end = fy_event_end_mark(event);
  if (!start || !end) return std::string();
  if (start->input_pos > end->input_pos || end->input_pos > source_.size()) return {};
  const std::string_view before = source_.substr(0, start->input_pos);
  const std::string_view raw = source_.substr(before.size(), end->input_pos - before.size());
  switch (style) {
    case FYSS_SINGLE_QUOTED:
      return single_quoted_text(raw);
    case FYSS_DOUBLE_QUOTED:
      return double_quoted_text(raw);
    case FYSS_LITERAL:
    case FYSS_FOLDED:
      break;
    default:
      return plain_text(raw);
  }
  std::size_t parent = 0;  // columns from 1 are indentation plus one: at the top level nothing
  if (!frames_.empty()) {
    const Frame& frame = frames_.back();
    parent = frame.key ? frame.key->position.column : frame.node.position.column;
  }
  const BlockStyle block = style == FYSS_LITERAL ? BlockStyle::literal : BlockStyle::folded;
  return block_text(raw, before, block, parent);
}

TreeBuilder::Refused TreeBuilder::take_scalar(fy_event* event) {
  if (auto refused = check_tag(event)) return refused;
  const std::string tag = text_of(fy_event_get_tag_token(event));
  fy_token* token = fy_event_get_token(event);
  const fy_scalar_style style = token ? fy_token_scalar_style(token) : FYSS_PLAIN;
  const bool plain = style == FYSS_PLAIN && tag.empty();
  Node node;
  node.position = scalar_position(event, style);
  auto written = scalar_text(event, style);
  if (!written) {
    return problem(ConfigRefusal::yaml_malformed, node.position,
                   "This text is not well-formed: check its indentation, which must be deeper than "
                   "its key's, and its escapes, of which none may stand for NUL.");
  }
  node.written = std::move(*written);
  const bool text = tag.ends_with("str") || (style != FYSS_PLAIN && tag.empty());
  node.value = text ? Scalar(node.written) : resolve_plain(node.written);
  measure(node);

  const bool key = wants_key();
  if (key) {
    if (auto refused = take_key(node, plain)) return refused;
  }
  auto shared = std::make_shared<const Node>(std::move(node));
  remember(text_of(fy_event_get_anchor_token(event)), shared);
  return key ? Refused() : add(std::move(shared));
}

TreeBuilder::Refused TreeBuilder::take_key(const Node& node, bool plain) {
  if (node.written.size() > max_key_bytes) {
    return problem(ConfigRefusal::config_too_large, node.position,
                   fmt::format("A key has at most {} bytes.", max_key_bytes));
  }
  Frame& frame = frames_.back();
  frame.merging = plain && node.written == "<<";
  if (!frame.merging && !frame.keys.insert(node.written).second) {
    return problem(ConfigRefusal::duplicate_name, node.position,
                   fmt::format("The key `{}` is in this map twice.", node.written));
  }
  frame.key = Entry{node.written, node.position, nullptr};
  return {};
}

TreeBuilder::Refused TreeBuilder::take_alias(fy_event* event) {
  Position position = position_of(event);
  if (position.column > 1) --position.column;  // the mark is behind the `*`
  const std::string name = text_of(fy_event_get_token(event));
  const auto found = anchors_.find(name);
  if (found == anchors_.end()) {
    return problem(ConfigRefusal::unknown_reference, position,
                   fmt::format("No anchor `&{}` stands before the alias `*{}`.", name, name));
  }
  if (wants_key()) {
    return problem(ConfigRefusal::wrong_type, position, "An alias cannot be a key here.");
  }
  return add(found->second);
}

TreeBuilder::Refused TreeBuilder::open(fy_event* event, std::variant<Scalar, List, Map> empty) {
  if (auto refused = check_tag(event)) return refused;
  const Position position = position_of(event);
  if (wants_key()) {
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

TreeBuilder::Refused TreeBuilder::close() {
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

TreeBuilder::Refused TreeBuilder::add(NodePtr node) {
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

TreeBuilder::Refused TreeBuilder::merge(Frame& frame, const Node& source, Position position) {
  if (const List* list = source.list()) {
    for (const NodePtr& item : *list) {
      if (!item->map()) return bad_merge(position);
      if (auto refused = merge(frame, *item, position)) return refused;
    }
    return {};
  }
  if (!source.map()) return bad_merge(position);
  for (const Entry& entry : *source.map()) {
    merged_bytes_ += entry.key.size() + entry.value->weight;
    if (merged_bytes_ > max_expanded_bytes) {
      return problem(ConfigRefusal::config_too_large, position,
                     fmt::format("With its merge keys written out the file is over the limit of "
                                 "{} MiB.",
                                 max_expanded_bytes >> 20));
    }
    if (frame.merged_keys.insert(entry.key).second) frame.merged.push_back(entry);
  }
  return {};
}

void TreeBuilder::remember(const std::string& anchor, NodePtr node) {
  if (!anchor.empty()) anchors_[anchor] = std::move(node);
}

}  // namespace imp::ci::config
