#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "db/database.h"
#include "db/temporary_directory.h"

namespace imp::db {

inline std::unique_ptr<Database> open_or_abort(const SqliteOptions& options) {
  auto opened = open_sqlite(options);
  if (!opened) {
    ADD_FAILURE() << opened.error().message << " " << opened.error().detail;
    std::abort();
  }
  return std::move(*opened);
}

/// Runs one statement in a transaction of its own.
inline Result<std::int64_t> run(Database& store, std::string_view sql,
                                std::vector<Value> parameters = {}) {
  return store.write(
      [&](Session& session) -> Result<std::int64_t> { return session.run(sql, parameters); });
}

/// The first column of the first row, by a read transaction; 0 when there is none.
inline std::int64_t number(Database& store, std::string_view sql,
                           std::vector<Value> parameters = {}) {
  const auto found = store.read([&](Session& session) -> Result<std::int64_t> {
    const auto row = session.row(sql, parameters);
    return row ? row->integer(0) : 0;
  });
  EXPECT_TRUE(found.has_value()) << found.error().detail;
  return found.value_or(-1);
}

/// Every test of it runs on a file and in memory: what holds for one must hold for the other.
class OnFileAndInMemory : public testing::TestWithParam<const char*> {
 protected:
  std::string path() const {
    return std::string(GetParam()) == "memory" ? ":memory:" : directory_.file("store.db");
  }
  test::TemporaryDirectory directory_;
  std::unique_ptr<Database> store_ = open_or_abort({.path = path()});
};

}  // namespace imp::db
