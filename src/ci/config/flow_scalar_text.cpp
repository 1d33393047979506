#include <charconv>
#include <cstdint>
#include <vector>

#include "ci/config/scalar_lines.h"
#include "ci/config/scalar_text.h"
#include "ci/expressions/characters.h"

namespace imp::ci::config {

namespace {

/// Joins the lines of a flow scalar: white space around breaks goes, one break is a space.
std::string join_flow_lines(std::string_view raw) {
  const std::vector<ScalarLine> lines = scalar_lines(raw);
  std::string text;
  std::size_t blanks = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string_view line = lines[i].text;
    if (i > 0) line = without_leading_white(line);
    if (i + 1 < lines.size()) line = without_trailing_white(line);
    const bool inner = i > 0 && i + 1 < lines.size();
    if (inner && line.empty()) {
      ++blanks;
      continue;
    }
    if (i > 0) text += fold(blanks);
    blanks = 0;
    text += line;
  }
  return text;
}

/// The reader of a double-quoted scalar, in which escapes and line ends meet.
class DoubleQuoted {
 public:
  explicit DoubleQuoted(std::string_view raw) : rest_(raw) {}

  std::optional<std::string> read() {
    while (!rest_.empty()) {
      if (rest_.front() == '\\') {
        if (!escape()) return {};
      } else if (rest_.front() == '\n' || rest_.front() == '\r') {
        // White space before the break goes, but not what an escape wrote.
        while (text_.size() > kept_ && is_white(text_.back())) text_.pop_back();
        text_ += fold(skip_breaks() - 1);
        kept_ = text_.size();
      } else {
        text_ += take();
      }
    }
    if (text_.contains('\0')) return {};
    return std::move(text_);
  }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  /// Goes behind line ends and the white space around them; says how many line ends.
  std::size_t skip_breaks() {
    std::size_t breaks = 0;
    while (!rest_.empty() &&
           (is_white(rest_.front()) || rest_.front() == '\r' || rest_.front() == '\n')) {
      const char c = take();
      if (c == '\r' && rest_.starts_with('\n')) take();
      if (!is_white(c)) ++breaks;
    }
    return breaks;
  }

  bool escape() {
    take();
    if (rest_.empty()) return false;
    if (rest_.front() == '\n' || rest_.front() == '\r') {
      text_ += std::string(skip_breaks() - 1, '\n');
      kept_ = text_.size();
      return true;
    }
    const auto point = escaped_point();
    if (!point) return false;
    expr::append_utf8(text_, *point);
    kept_ = text_.size();
    return true;
  }

  std::optional<char32_t> escaped_point() {
    const char c = take();
    switch (c) {
      case 'a':
        return U'\a';
      case 'b':
        return U'\b';
      case 't':
      case '\t':
        return U'\t';
      case 'n':
        return U'\n';
      case 'v':
        return U'\v';
      case 'f':
        return U'\f';
      case 'r':
        return U'\r';
      case 'e':
        return U'\x1b';
      case ' ':
      case '"':
      case '/':
      case '\\':
        return static_cast<char32_t>(c);
      case 'N':
        return U'\u0085';
      case '_':
        return U'\u00A0';
      case 'L':
        return U'\u2028';
      case 'P':
        return U'\u2029';
      case 'x':
        return hexadecimal(2);
      case 'u':
        return utf16();
      case 'U':
        return scalar_value(hexadecimal(8));
      default:
        return {};  // also \0
    }
  }

  std::optional<char32_t> hexadecimal(std::size_t digits) {
    if (rest_.size() < digits) return {};
    std::uint32_t value = 0;
    const char* end = rest_.data() + digits;
    const auto parsed = std::from_chars(rest_.data(), end, value, 16);
    if (parsed.ec != std::errc() || parsed.ptr != end) return {};
    rest_.remove_prefix(digits);
    return value;
  }

  std::optional<char32_t> utf16() {
    const auto high = hexadecimal(4);
    if (!high || *high < 0xD800 || *high > 0xDBFF || !rest_.starts_with("\\u")) {
      return scalar_value(high);
    }
    rest_.remove_prefix(2);
    const auto low = hexadecimal(4);
    if (!low || *low < 0xDC00 || *low > 0xDFFF) return {};
    return 0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00);
  }

  static std::optional<char32_t> scalar_value(std::optional<char32_t> point) {
    if (!point || *point > 0x10FFFF || (*point >= 0xD800 && *point <= 0xDFFF)) return {};
    return point;
  }

  std::string_view rest_;
  std::string text_;
  std::size_t kept_ = 0;  ///< white space before this does not belong to a line end
};

}  // namespace

std::optional<std::string> plain_text(std::string_view raw) { return join_flow_lines(raw); }

std::optional<std::string> single_quoted_text(std::string_view raw) {
  std::string joined = join_flow_lines(raw);
  std::string text;
  for (std::size_t i = 0; i < joined.size(); ++i) {
    text += joined[i];
    if (joined[i] == '\'' && i + 1 < joined.size() && joined[i + 1] == '\'') ++i;
  }
  return text;
}

std::optional<std::string> double_quoted_text(std::string_view raw) {
  return DoubleQuoted(raw).read();
}

}  // namespace imp::ci::config
