#include "base/yaml_document.h"

#include <libfyaml.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "base/encoding.h"
#include "base/settings.h"

namespace imp {

namespace {

struct DestroyDocument {
  void operator()(fy_document* document) const { fy_document_destroy(document); }
};
using Document = std::unique_ptr<fy_document, DestroyDocument>;

/// Takes libfyaml's document apart.
class Reader {
 public:
  explicit Reader(std::string_view name) : name_(name) {}

  /// `from` is whose place an empty node has.
  Result<YamlNode> read(fy_node* node, const YamlNode& from) {
    YamlNode read;
    read.line = from.line;
    read.column = from.column;
    if (!node || fy_node_is_null(node)) return read;
    if (fy_node_is_alias(node)) return malformed(read, "aliases are not read here");
    if (fy_node_is_scalar(node)) return scalar(node, std::move(read));
    return fy_node_is_sequence(node) ? list(node, std::move(read)) : map(node, std::move(read));
  }

 private:
  static Result<YamlNode> scalar(fy_node* node, YamlNode read) {
    std::size_t length = 0;
    const char* text = fy_node_get_scalar(node, &length);
    if (text) read.text.assign(text, length);
    read.kind = YamlNode::Kind::scalar;
    const fy_node_style style = fy_node_get_style(node);
    const bool block = style == FYNS_LITERAL || style == FYNS_FOLDED;
    read.style = block                 ? YamlNode::Style::block
                 : style == FYNS_PLAIN ? YamlNode::Style::plain
                                       : YamlNode::Style::quoted;
    fy_token* token = fy_node_get_scalar_token(node);
    if (const fy_mark* mark = token ? fy_token_start_mark(token) : nullptr) {
      read.line = mark->line + 1;
      // The mark of a quoted one is behind the quote.
      read.column = mark->column + (read.style == YamlNode::Style::quoted ? 0 : 1);
    }
    return read;
  }

  Result<YamlNode> list(fy_node* node, YamlNode read) {
    read.kind = YamlNode::Kind::list;
    void* position = nullptr;
    while (fy_node* item = fy_node_sequence_iterate(node, &position)) {
      auto child = this->read(item, read);
      if (!child) return child;
      read.items.push_back(std::move(*child));
    }
    if (!read.items.empty()) place_at(read, read.items.front());
    return read;
  }

  Result<YamlNode> map(fy_node* node, YamlNode read) {
    read.kind = YamlNode::Kind::map;
    void* position = nullptr;
    while (fy_node_pair* pair = fy_node_mapping_iterate(node, &position)) {
      auto key = this->read(fy_node_pair_key(pair), read);
      if (!key) return key;
      if (key->kind != YamlNode::Kind::scalar) return malformed(*key, "a key must be plain text");
      auto value = this->read(fy_node_pair_value(pair), *key);
      if (!value) return value;
      read.members.push_back({std::move(*key), std::move(*value)});
    }
    if (!read.members.empty()) place_at(read, read.members.front().first);
    return read;
  }

  static void place_at(YamlNode& node, const YamlNode& first) {
    node.line = first.line;
    node.column = first.column;
  }

  std::unexpected<Failure> malformed(const YamlNode& at, std::string_view what) const {
    return refuse(SettingsRefusal::malformed_file,
                  fmt::format("{}:{}:{}: {}.", name_, at.line, at.column, what));
  }

  std::string_view name_;
};

bool holds_only_comments(std::string_view text) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first != std::string::npos && line[first] != '#') return false;
  }
  return true;
}

/// The first line that is no text, from 1; 0 when all are. libfyaml does not come back from some of
/// them.
int first_line_of_no_text(std::string_view text) {
  for (int line = 1;; ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view one = text.substr(0, end);
    if (one.contains('\0') || !is_utf8(one)) return line;
    if (end == text.size()) return 0;
    text.remove_prefix(end + 1);
  }
}

/// The parser's own account of what is wrong, made one line of ours.
std::string first_error(fy_diag* diag, std::string_view name) {
  void* position = nullptr;
  if (const fy_diag_error* error = fy_diag_errors_iterate(diag, &position)) {
    // Counted from 1 here, unlike in marks; 0 means that the parser does not know.
    return fmt::format("{}:{}:{}: {}.", name, std::max(1, error->line), std::max(1, error->column),
                       error->msg);
  }
  return fmt::format("{}: this is not YAML.", name);
}

}  // namespace

const YamlNode* YamlNode::member(std::string_view key) const {
  const auto found =
      std::ranges::find_if(members, [&](const auto& m) { return m.first.text == key; });
  return found == members.end() ? nullptr : &found->second;
}

Result<YamlNode> parse_yaml(std::string_view text, std::string_view name) {
  if (const int line = first_line_of_no_text(text); line > 0) {
    return refuse(SettingsRefusal::malformed_file,
                  fmt::format("{}:{}: this line is not UTF-8 text.", name, line));
  }
  // libfyaml calls a file without a document an error.
  if (holds_only_comments(text)) return YamlNode{};
  fy_diag_cfg diag_config;
  fy_diag_cfg_default(&diag_config);
  const std::unique_ptr<fy_diag, void (*)(fy_diag*)> diag(fy_diag_create(&diag_config),
                                                          fy_diag_destroy);
  fy_diag_set_collect_errors(diag.get(), true);
  fy_parse_cfg config{};
  config.flags = FYPCF_QUIET;
  config.diag = diag.get();
  const Document document(fy_document_build_from_string(&config, text.data(), text.size()));
  if (!document) return refuse(SettingsRefusal::malformed_file, first_error(diag.get(), name));
  return Reader(name).read(fy_document_root(document.get()), YamlNode{});
}

}  // namespace imp
