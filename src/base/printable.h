#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace imp {

/// A foreign text as it can be shown, on a terminal above all: what a terminal would obey or what
/// changes how the rest is shown (controls of C0 and C1, marks of direction, characters without
/// width, separators of lines and paragraphs) becomes "<U+202E>", a byte that is no UTF-8 "<FF>".
/// `kept` are the controls that stay, as "\n" where several lines are in order.
std::string printable(std::string_view text, std::string_view kept = {});

/// The same for the first character of a text that is not empty: appends it to `out`, and answers
/// how many bytes it has.
std::size_t append_printable(std::string& out, std::string_view text, std::string_view kept = {});

/// Whether a text has characters that make it read differently from what runs: marks of direction
/// and characters without width, but for a byte order mark at its beginning.
bool has_hidden_characters(std::string_view text);

}  // namespace imp
