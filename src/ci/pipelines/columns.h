#pragma once

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "db/database.h"

namespace imp::ci {

/// A row that this version cannot read: nothing is decided from it.
[[noreturn]] inline void damaged(std::string_view what) {
  throw db::StoreError(fmt::format("unreadable {} in the tables of pipelines", what), false);
}

template <class T>
T known(std::optional<T> value, std::string_view what) {
  if (!value) damaged(what);
  return *value;
}

inline std::optional<Time> time_of(const db::Row& row, std::size_t column) {
  const auto value = row.maybe_integer(column);
  if (!value) return std::nullopt;
  return from_milliseconds(*value);
}

inline db::Value value_of(const std::optional<Time>& time) {
  if (!time) return std::monostate();
  return to_milliseconds(*time);
}

}  // namespace imp::ci
