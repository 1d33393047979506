#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace imp::cli {

/// A trusted publisher as the API has it, for a terminal: a line that names it, and below its
/// claims, pinned or learnt identifiers and permissions, when it can be used and when it ends
/// unless it is.
std::string publisher_text(const boost::json::value& publisher, std::string_view indent = {});

/// A line that says so when the publishers of an answer wait for a package, which is how a mistyped
/// name shows; else nothing.
std::string no_package_note(const boost::json::value& answer, std::string_view name);

}  // namespace imp::cli
