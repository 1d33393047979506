#pragma once

#include <string>
#include <string_view>

namespace imp::mail {

/// Foreign text as a part of one line: well-formed UTF-8 without line breaks, other control
/// characters and what changes the direction of text, each run of which becomes one space, cut to
/// at most `limit` bytes. For headers, bodies and terminals alike.
std::string one_line(std::string_view text, std::size_t limit);

}  // namespace imp::mail
