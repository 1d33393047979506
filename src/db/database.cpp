#include "db/database.h"

#include <charconv>

#include "db/failures.h"

namespace imp::db {

namespace {
const std::string kEmpty;
}

const std::string& Row::text(std::size_t column) const {
  const auto& value = columns_.at(column);
  return value ? *value : kEmpty;
}

std::int64_t Row::integer(std::size_t column) const { return maybe_integer(column).value_or(0); }

std::optional<std::int64_t> Row::maybe_integer(std::size_t column) const {
  const auto& value = columns_.at(column);
  if (!value) return std::nullopt;
  std::int64_t number = 0;
  const char* end = value->data() + value->size();
  const auto [stopped, error] = std::from_chars(value->data(), end, number);
  if (error != std::errc() || stopped != end) {
    throw StoreError("column " + std::to_string(column) + " does not hold a 64-bit integer", false);
  }
  return number;
}

std::optional<Row> Session::row(std::string_view sql, Parameters parameters) {
  std::vector<Row> found = rows(sql, parameters);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

void Database::run_write_later(std::function<bool(Session&)> body,
                               std::function<void(const Result<void>&)> ended, Repeat) {
  const Result<void> done = [&]() -> Result<void> {
    try {
      return run_write(body);
    } catch (const std::exception& thrown) {
      return broken(thrown);
    }
  }();
  ended(done);
}

Reason reason(StoreRefusal refusal) {
  switch (refusal) {
    case StoreRefusal::broken:
      return {"store_broken", FailureKind::internal};
    case StoreRefusal::stopping:
      return {"store_stopping", FailureKind::unavailable};
    case StoreRefusal::nested:
      return {"store_nested", FailureKind::internal};
    case StoreRefusal::unknown_schema:
      return {"store_unknown_schema", FailureKind::internal};
    case StoreRefusal::migration_failed:
      return {"store_migration_failed", FailureKind::internal};
  }
  return {"store_broken", FailureKind::internal};
}

}  // namespace imp::db
