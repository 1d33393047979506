#pragma once

#include <string>
#include <string_view>

namespace imp {

/// A random version 4 UUID (RFC 9562) in lower case, from the system's random source.
std::string new_uuid();

/// True for the 8-4-4-4-12 form with hexadecimal digits of either case. Every version is accepted:
/// foreign servers choose their own.
bool is_uuid(std::string_view text);

}  // namespace imp
