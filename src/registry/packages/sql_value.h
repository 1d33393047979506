#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "db/database.h"

namespace imp::registry {

/// Parameters of statements, from the types that this module has.
inline db::Value sql_text(std::string_view value) { return std::string(value); }
inline db::Value sql_optional(const std::optional<std::string>& value) {
  return value ? db::Value(*value) : db::Value(std::monostate());
}

}  // namespace imp::registry
