#pragma once

#include <string_view>

namespace imp::web {

/// What a page says after a form has done its work, by the word in its address ("?done=saved").
/// Empty for words that are not known: an address must not be able to put words into a page.
std::string_view notice_text(std::string_view word);

}  // namespace imp::web
