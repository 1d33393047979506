#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"

namespace imp::db {

/// Runs one write transaction, as Database::run_write does.
using WriteTransaction = std::function<Result<void>(const std::function<bool(Session&)>&)>;

/// The engine-independent part of Database::migrate. What was done is kept in the table
/// schema_migrations(name, applied_at).
Result<void> apply_migrations(const WriteTransaction& write,
                              const std::vector<Migration>& migrations);

/// The statements of a migration: each ends with ';' at the end of a line, or with the text. Empty
/// lines and lines of comment are dropped.
std::vector<std::string> split_statements(std::string_view sql);

}  // namespace imp::db
