#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/failure.h"

namespace imp::trust {

// What the forms of claims that name a file at a revision are made of: npm's {"file": "name.yml"}.

/// {"file": a name without a path, ending in .yml or .yaml}.
std::expected<boost::json::value, std::string> normal_file(const boost::json::value* given);
/// The name inside {"file": …}, or a token's text as it is.
std::optional<std::string> shown_file(const boost::json::value& value);
/// The expected name; empty when the value has not this shape.
std::string_view file_of(const boost::json::value& expected);
boost::json::value typed_file(std::string_view text);

/// Segments of a path: `least` to `most` of them, none empty, "." or "..", of characters that a
/// project's path may have.
bool is_path(std::string_view text, std::size_t least, std::size_t most);

/// The text up to the last slash.
std::string parent_of(std::string_view path);

/// Claims that every token of the provider has: TrustRefusal::claim_missing names those that are
/// absent or no texts.
Result<void> check_texts(const boost::json::object& token,
                         std::initializer_list<std::string_view> names);

}  // namespace imp::trust
