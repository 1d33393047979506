#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "db/database.h"

namespace imp::db {

/// One prepared statement of one connection, bound to parameters and columns of its own, so that it
/// can be executed again and again. Throws soci::soci_error or StoreError; after any exception it
/// must be dropped, since it may stand in the middle of its rows.
class Statement {
 public:
  /// `types` says which parameters are integers; the others are text.
  Statement(soci::session& session, const std::string& sql, const std::vector<Value>& types);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// Executes it to its end: nothing stays open that would hold a snapshot.
  std::vector<Row> execute(std::vector<Value> parameters);
  std::int64_t changed() { return statement_.get_affected_rows(); }

 private:
  // SOCI keeps references to these, so they are never moved.
  struct Parameter {
    bool is_integer = false;
    long long integer = 0;
    std::string text;
    soci::indicator indicator = soci::i_null;
  };
  struct Column {
    std::string text;
    soci::indicator indicator = soci::i_null;
  };

  void set(std::size_t index, Value value);
  Row take_row();

  std::vector<Parameter> parameters_;
  std::vector<Column> columns_;
  soci::statement statement_;
};

/// The kept statements of one connection, by SQL text and by which parameters are integers: SOCI
/// fixes the type of a parameter when it is bound, and SQLite compares 1 and '1' as different.
class Statements {
 public:
  explicit Statements(soci::session& session) : session_(session) {}

  std::vector<Row> execute(std::string_view sql, std::vector<Value> parameters,
                           std::int64_t* changed);
  std::size_t size() const { return kept_.size(); }

 private:
  soci::session& session_;
  std::unordered_map<std::string, std::unique_ptr<Statement>> kept_;
};

}  // namespace imp::db
