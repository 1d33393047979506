#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace imp::ci::config {

/// What a YAML scalar says, from the characters between its delimiters (YAML 1.2.2, chapters 7.3
/// and 8.1). The source must be UTF-8. Nothing is returned for what is malformed, and for a text
/// that would hold a NUL.

std::optional<std::string> plain_text(std::string_view raw);
std::optional<std::string> single_quoted_text(std::string_view raw);
/// Also joins a pair of surrogate escapes, as JSON writes them.
std::optional<std::string> double_quoted_text(std::string_view raw);

enum class BlockStyle : std::uint8_t { literal, folded };

/// `raw` begins with the first line below the one with `|` or `>`; `before` is all that precedes
/// it, so that it ends with that line. The content must be indented by at least `minimum` spaces.
std::optional<std::string> block_text(std::string_view raw, std::string_view before,
                                      BlockStyle style, std::size_t minimum);

}  // namespace imp::ci::config
