#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

namespace imp::web {

/// Fills templates/<name>.html with the values of `model`: {{name}} is escaped for text and quoted
/// attributes, {{{name}}} is not; sections, inverted sections and lists as in mustache(5);
/// {{>_part}} is templates/_part.html. Empty text, null and empty lists count as false. A template
/// that is missing or malformed is a programming error: throws std::logic_error.
std::string render(std::string_view name, const boost::json::object& model);

}  // namespace imp::web
