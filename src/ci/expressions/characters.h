#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace imp::ci::expr {

/// A text by its characters (Unicode code points), because positions and limits count those. A byte
/// that is not part of well-formed UTF-8 counts as one U+FFFD.
class Characters {
 public:
  /// The text must outlive this view of it.
  explicit Characters(std::string_view text);

  std::size_t size() const { return points_.size(); }
  char32_t operator[](std::size_t index) const { return points_[index]; }
  /// NUL past the end.
  char32_t at_or_nul(std::size_t index) const { return index < size() ? points_[index] : U'\0'; }
  /// The UTF-8 of characters [begin, end); U+FFFD where the text is malformed.
  std::string slice(std::size_t begin, std::size_t end) const;

 private:
  std::vector<char32_t> points_;
};

std::size_t count_characters(std::string_view text);

/// Appends the UTF-8 of a code point; it must not be a surrogate.
void append_utf8(std::string& text, char32_t point);

}  // namespace imp::ci::expr
