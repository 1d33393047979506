#include "ci/config/templates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "ci/expressions/characters.h"
#include "ci/expressions/evaluate.h"

namespace imp::ci::config {

namespace {

constexpr std::size_t max_sections = 50;  ///< open at once

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

/// ^[\w-]+(\.\S+)*$
bool is_name(std::string_view text) {
  const auto is_word = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; };
  const auto dot = std::ranges::find_if_not(text, is_word);
  if (dot == text.begin()) return false;
  const std::string_view rest(dot, text.end());
  if (rest.empty()) return true;
  return rest.front() == '.' && rest.size() > 1 &&
         std::ranges::none_of(rest, [](unsigned char c) { return std::isspace(c); });
}

/// "", 0, false and undefined: templates follow the older logic statements, not expressions.
bool keeps_section(const expr::Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number != 0;
  if (const auto* text = std::get_if<std::string>(&value)) return !text->empty();
  return expr::truthy(value);
}

Scalar scalar_of(const expr::Value& value) {
  if (const bool* boolean = std::get_if<bool>(&value)) return *boolean;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (expr::is_undefined(value)) return Null{};
  return expr::to_text(value);
}

class Renderer {
 public:
  Renderer(std::string_view text, const expr::Environment& environment, std::size_t patterns_left)
      : text_(text), environment_(environment), patterns_left_(patterns_left) {}

  std::expected<Scalar, std::string> render() {
    if (auto error = blocks(true, {}, 0)) return std::unexpected(std::move(*error));
    if (pieces_.size() == 1) {
      if (const auto* value = std::get_if<expr::Value>(&pieces_.front())) return scalar_of(*value);
    }
    std::string joined;
    for (const Piece& piece : pieces_) {
      const auto* literal = std::get_if<std::string>(&piece);
      joined += literal ? *literal : expr::to_text(std::get<expr::Value>(piece));
    }
    return joined;
  }

  /// Of the tags so far; over what was left when they were too many, and then there is an error.
  std::size_t patterns() const { return patterns_; }
  /// Where the tag stands that render() came to last: of an error, what it is about.
  std::size_t tag_start() const { return tag_start_; }

 private:
  using Piece = std::variant<std::string, expr::Value>;
  using MaybeError = std::optional<std::string>;

  /// Up to the end of the text, or of the section that is open. A body that is left out is read for
  /// its structure and not evaluated.
  MaybeError blocks(bool kept, std::optional<std::string_view> section, std::size_t nesting) {
    while (find_tag(kept)) {
      const char sigil = at_ < text_.size() ? text_[at_] : '\0';
      if (sigil == '/') {
        ++at_;
        const auto body = tag_body();
        if (!body) return unclosed(nesting);
        if (!section || trimmed(*body) != *section) {
          return "Expected section end tag to match start tag";
        }
        return {};
      }
      if (sigil == '#' || sigil == '^') {
        if (auto error = open_section(kept, sigil == '#', nesting)) return error;
      } else if (auto error = tag(kept, nesting)) {
        return error;
      }
    }
    if (section) return "Unclosed section, expected '<</'";
    return {};
  }

  /// Appends the text up to the next `<<` and goes behind it; false at the end.
  bool find_tag(bool kept) {
    std::string literal;
    bool found = false;
    while (at_ < text_.size() && !found) {
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("\\\\<<")) {
        literal += '\\';
        tag_start_ = at_ + 2;
        at_ += 4;
        found = true;
      } else if (rest.starts_with("\\<<")) {
        literal += "<<";
        at_ += 3;
      } else if (rest.starts_with("<<")) {
        tag_start_ = at_;
        at_ += 2;
        found = true;
      } else {
        literal += text_[at_++];
      }
    }
    if (kept && !literal.empty()) pieces_.emplace_back(std::move(literal));
    return found;
  }

  /// What stands before the next `>>`, which is looked for outside double quotes first.
  std::optional<std::string_view> tag_body() {
    const std::string_view rest = text_.substr(at_);
    std::size_t end = std::string_view::npos;
    bool quoted = false;
    for (std::size_t i = 0; i + 1 < rest.size() && end == std::string_view::npos; ++i) {
      if (rest[i] == '"') quoted = !quoted;
      if (quoted && rest[i] == '\\') ++i;
      if (!quoted && rest.substr(i).starts_with(">>")) end = i;
    }
    if (end == std::string_view::npos) end = rest.find(">>");
    if (end == std::string_view::npos) return {};
    at_ += end + 2;
    return rest.substr(0, end);
  }

  MaybeError tag(bool kept, std::size_t nesting) {
    const auto body = tag_body();
    if (!body) return unclosed(nesting);
    if (body->empty()) return "Expected expression after '<<'";
    const std::string_view text = trimmed(*body);
    if (text.empty()) return "Expected expression";
    if (text.size() > max_tag_length) {
      return fmt::format("Expressions must be less than {} characters, this one is {}",
                         max_tag_length, text.size());
    }
    patterns_ += patterns_at_most(text);
    if (patterns_ > patterns_left_) return "Too many regular expressions";
    auto parsed = expr::parse(text);
    if (!parsed) {
      // Pipeline parameters from before there were expressions may be called `a:b`.
      const bool old_name =
          parsed.error().type == expr::ErrorType::unexpected_character && is_name(text);
      if (!old_name) return parsed.error().message(text);
      parsed = expr::Expression::variable(std::string(text));
    }
    if (!kept) return {};
    auto value = expr::evaluate(*parsed, environment_, expr::Mode::filter);
    if (!value) return explain(value.error(), text);
    pieces_.emplace_back(std::move(*value));
    return {};
  }

  MaybeError open_section(bool kept, bool when_truthy, std::size_t nesting) {
    ++at_;
    const auto body = tag_body();
    if (!body) return unclosed(nesting);
    const std::string_view name = trimmed(*body);
    if (name.empty()) return "Expected identifier";
    if (!is_name(name)) return "Expected valid identifier";
    if (nesting >= max_sections) {
      return fmt::format("Sections are nested more than {} deep", max_sections);
    }
    if (kept) {
      const auto variable = expr::Expression::variable(std::string(name));
      auto value = expr::evaluate(variable, environment_, expr::Mode::filter);
      if (!value) return explain(value.error(), name);
      kept = keeps_section(*value) == when_truthy;
    }
    return blocks(kept, name, nesting + 1);
  }

  static std::string unclosed(std::size_t nesting) {
    return nesting > 0 ? "Unclosed '<<' tag" : "Unclosed '<<' tag ('<<' must be escaped as '\\<<')";
  }

  static std::string explain(const expr::Error& error, std::string_view text) {
    const bool argument =
        error.type == expr::ErrorType::unknown_variable && error.lexeme.starts_with("parameters.");
    if (argument) {
      return fmt::format("Arguments referenced without declared parameters: {}", error.lexeme);
    }
    return error.message(text);
  }

  std::string_view text_;
  const expr::Environment& environment_;
  std::size_t patterns_left_;
  std::size_t patterns_ = 0;
  std::size_t at_ = 0;
  std::size_t tag_start_ = 0;
  std::vector<Piece> pieces_;
};

/// Which line of a text that has several an error is in; the place of the text is that of its
/// first.
std::string line_of(std::string_view text, std::size_t at) {
  if (!trimmed(text).contains('\n')) return {};
  constexpr std::size_t shown = 200;
  const std::string_view before = text.substr(0, at);
  const std::size_t begin = before.rfind('\n') + 1;  // 0 where there is none
  const auto number = std::ranges::count(before, '\n') + 1;
  const std::string_view line = trimmed(text.substr(begin, text.find('\n', begin) - begin));
  return fmt::format("\nin line {} of this text: {}", number,
                     expr::Characters(line.substr(0, shown)).slice(0, shown));
}

NodePtr render_scalar(Report& report, const Place& place, const expr::Environment& environment,
                      std::size_t& budget) {
  const std::string* text = place.node->string();
  if (!text || !text->contains("<<")) return place.node;
  Renderer renderer(*text, environment, report.patterns_left());
  auto rendered = renderer.render();
  if (!report.use_patterns(place, renderer.patterns())) return place.node;
  if (!rendered) {
    report.error(ConfigRefusal::bad_template, place,
                 rendered.error() + line_of(*text, renderer.tag_start()));
    return place.node;
  }
  Node node;
  node.position = place.node->position;
  node.templated = true;
  node.value = std::move(*rendered);
  measure(node);
  if (node.weight > budget) {
    report.error(ConfigRefusal::config_too_large, place,
                 "With its `<< >>` tags written out the file is too large.");
    return place.node;
  }
  budget -= node.weight;
  return std::make_shared<const Node>(std::move(node));
}

}  // namespace

std::expected<Scalar, std::string> render(std::string_view text,
                                          const expr::Environment& environment) {
  return Renderer(text, environment, max_patterns).render();
}

NodePtr render_tree(Report& report, const Place& place, const expr::Environment& environment,
                    std::size_t& budget) {
  if (place.node->scalar()) return render_scalar(report, place, environment, budget);
  Node node;
  node.position = place.node->position;
  if (const List* list = place.node->list()) {
    List rendered;
    for (std::size_t i = 0; i < list->size(); ++i) {
      rendered.push_back(render_tree(report, place.at(i), environment, budget));
    }
    node.value = std::move(rendered);
  } else {
    Map rendered;
    for (const Entry& entry : *place.node->map()) {
      rendered.push_back(
          {entry.key, entry.position, render_tree(report, place.at(entry), environment, budget)});
    }
    node.value = std::move(rendered);
  }
  measure(node);
  return std::make_shared<const Node>(std::move(node));
}

}  // namespace imp::ci::config
