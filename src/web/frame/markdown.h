#pragma once

#include <string>
#include <string_view>

namespace imp::web {

/// CommonMark with tables as HTML. Raw HTML in it is left out, and links that a browser would run.
/// Each heading has an anchor as usual hosts make it of its text; one that begins with a code
/// ("`expired` (401)") has that alone as a second one.
std::string html_of_markdown(std::string_view text);

}  // namespace imp::web
