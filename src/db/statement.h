#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <memory>
#include <span>
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
  Statement(soci::session& session, const std::string& sql, std::span<const Value> types);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// Executes it to its end: nothing stays open that would hold a snapshot.
  std::vector<Row> execute(std::span<const Value> parameters);
  std::int64_t changed() { return statement_.get_affected_rows(); }
  /// Whether the same of these parameters are integers as of those it was made for.
  bool takes(std::span<const Value> parameters) const;

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

  void set(std::size_t index, const Value& value);
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

  std::vector<Row> execute(std::string_view sql, std::span<const Value> parameters,
                           std::int64_t* changed);
  std::size_t size() const { return size_; }

 private:
  /// Lets a text be looked up without making a string of it.
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Forms = std::vector<std::unique_ptr<Statement>>;  // of one text, mostly one

  Statement& kept(std::string_view sql, std::span<const Value> parameters);
  void drop(std::string_view sql, const Statement& statement);

  soci::session& session_;
  std::unordered_map<std::string, Forms, TextHash, std::equal_to<>> kept_;
  std::size_t size_ = 0;
};

}  // namespace imp::db
