#pragma once

#include <string>
#include <string_view>

namespace imp::ci {

/// Foreign bytes (a job's output, a commit's message) as text for JSON, pages and tables: what is
/// not UTF-8 becomes U+FFFD, a byte at a time.
std::string readable(std::string_view bytes);

/// How many bytes at the end of `bytes` may be the start of a character whose rest is to come.
std::size_t unfinished_character(std::string_view bytes);

}  // namespace imp::ci
