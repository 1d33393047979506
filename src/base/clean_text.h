#pragma once

#include <string>
#include <string_view>

namespace imp {

/// The text with every NUL and every byte that is not part of well-formed UTF-8 replaced by U+FFFD,
/// and cut between characters to at most `limit` bytes, the last of which then are "…".
std::string clean_text(std::string_view text, std::size_t limit);

}  // namespace imp
