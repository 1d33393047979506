#include "db/statement.h"

#include <algorithm>

#include "base/encoding.h"

namespace imp::db {

namespace {

// Statements are constants of the program, except those built from optional filters. The limit only
// keeps a mistake (a value pasted into the text) from growing without end.
constexpr std::size_t kKeptStatements = 1000;
// A text longer than this is not worth keeping in memory until the statement runs next.
constexpr std::size_t kKeptText = 16 * 1024;

bool is_integer(const Value& value) { return std::holds_alternative<std::int64_t>(value); }

// SQLite takes a parameter that was not given for NULL.
void require_all_given(soci::statement& statement, std::size_t given) {
  std::size_t wanted = 0;
  while (!statement.get_backend()->get_parameter_name(static_cast<int>(wanted)).empty()) ++wanted;
  if (wanted != given) {
    throw StoreError("the statement has " + std::to_string(wanted) + " parameters, but " +
                         std::to_string(given) + " were given",
                     false);
  }
}

}  // namespace

Statement::Statement(soci::session& session, const std::string& sql, std::span<const Value> types)
    : parameters_(types.size()), statement_(session) {
  statement_.alloc();
  statement_.prepare(sql);
  require_all_given(statement_, types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    Parameter& parameter = parameters_[i];
    const std::string name = "p" + std::to_string(i + 1);
    parameter.is_integer = is_integer(types[i]);
    if (parameter.is_integer) {
      statement_.exchange(soci::use(parameter.integer, parameter.indicator, name));
    } else {
      statement_.exchange(soci::use(parameter.text, parameter.indicator, name));
    }
  }
  // Every column is fetched as text. SOCI's dynamic rows would guess a type from the declaration,
  // which an expression does not have, and cut integers to 32 bits.
  columns_ = std::vector<Column>(
      static_cast<std::size_t>(statement_.get_backend()->prepare_for_describe()));
  for (Column& column : columns_) statement_.exchange(soci::into(column.text, column.indicator));
  statement_.define_and_bind();
}

void Statement::set(std::size_t index, const Value& value) {
  Parameter& parameter = parameters_[index];
  parameter.indicator = soci::i_ok;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    parameter.integer = *integer;
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    // PostgreSQL refuses both; accepting them here would be a surprise later.
    if (text->contains('\0') || !is_utf8(*text)) {
      throw StoreError(
          "parameter :p" + std::to_string(index + 1) + " is not UTF-8 text without NUL", false);
    }
    parameter.text = *text;  // into the memory of the last one, mostly
  } else {
    parameter.indicator = soci::i_null;
  }
}

Row Statement::take_row() {
  std::vector<std::optional<std::string>> values;
  values.reserve(columns_.size());
  for (Column& column : columns_) {
    if (column.indicator == soci::i_null) {
      values.emplace_back();
    } else {
      values.emplace_back(std::move(column.text));
    }
  }
  return Row(std::move(values));
}

std::vector<Row> Statement::execute(std::span<const Value> parameters) {
  for (std::size_t i = 0; i < parameters.size(); ++i) set(i, parameters[i]);
  std::vector<Row> found;
  if (columns_.empty()) {
    statement_.execute(true);
  } else {
    statement_.execute();
    while (statement_.fetch()) found.push_back(take_row());
  }
  for (Parameter& parameter : parameters_) {
    if (parameter.text.size() > kKeptText) parameter.text = std::string();
  }
  return found;
}

bool Statement::takes(std::span<const Value> parameters) const {
  return std::ranges::equal(parameters, parameters_, {}, is_integer, &Parameter::is_integer);
}

Statement& Statements::kept(std::string_view sql, std::span<const Value> parameters) {
  auto forms = kept_.find(sql);
  if (forms != kept_.end()) {
    for (const auto& one : forms->second) {
      if (one->takes(parameters)) return *one;
    }
  }
  auto made = std::make_unique<Statement>(session_, std::string(sql), parameters);
  if (size_ >= kKeptStatements) {
    kept_.clear();
    size_ = 0;
    forms = kept_.end();
  }
  if (forms == kept_.end()) forms = kept_.emplace(sql, Forms()).first;
  ++size_;
  return *forms->second.emplace_back(std::move(made));
}

void Statements::drop(std::string_view sql, const Statement& statement) {
  const auto forms = kept_.find(sql);
  size_ -= std::erase_if(forms->second, [&](const auto& one) { return one.get() == &statement; });
  if (forms->second.empty()) kept_.erase(forms);
}

std::vector<Row> Statements::execute(std::string_view sql, std::span<const Value> parameters,
                                     std::int64_t* changed) {
  Statement& statement = kept(sql, parameters);
  try {
    std::vector<Row> found = statement.execute(parameters);
    if (changed) *changed = statement.changed();
    return found;
  } catch (...) {
    drop(sql, statement);
    throw;
  }
}

}  // namespace imp::db
