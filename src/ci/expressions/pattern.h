#pragma once

#include <string_view>

namespace imp::ci::expr {

/// True when RE2 compiles it within its memory budget; look-around and back-references do not.
bool is_valid_pattern(std::string_view pattern);

/// True when the whole text matches, in time linear in the text. `.` does not cross a line end.
/// False for a pattern that is not valid.
bool matches_whole(std::string_view text, std::string_view pattern);

}  // namespace imp::ci::expr
