#pragma once

#include <string>
#include <string_view>

#include "base/failure.h"

namespace imp::ci {

/// Environment variables of contexts and projects: 1 to 300 characters `[A-Za-z_][A-Za-z0-9_]*`.
bool is_variable_name(std::string_view name);

inline constexpr std::size_t variable_name_limit = 300;
inline constexpr std::size_t variable_value_limit = 32 * 1024;  ///< bytes

/// What may be shown of a value: "xxxx" and its last four characters, or "xxxx" alone when the
/// value has fewer than eight characters (four of five would be the secret itself).
std::string masked(std::string_view value);

}  // namespace imp::ci
