#pragma once

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/failure.h"

namespace imp::ci::runner {

/// Reads the members of one JSON object strictly. Getters return a value or, after the first
/// mistake, something harmless; finish() tells the first mistake, and whether a member was left
/// unread.
class Members {
 public:
  /// `where` is the path to this object for messages: "" or "steps[2]".
  Members(const boost::json::value& value, std::string where);

  std::string text(std::string_view key, std::size_t longest = 1u << 20);
  bool boolean(std::string_view key);
  std::int64_t integer(std::string_view key, std::int64_t least, std::int64_t most);
  std::optional<std::int64_t> integer_or_null(std::string_view key, std::int64_t least,
                                              std::int64_t most);
  const boost::json::array& array(std::string_view key, std::size_t longest);
  /// The raw member, for nested objects; null value when it is missing.
  const boost::json::value& member(std::string_view key);

  /// "steps[2].name": for messages of nested readers.
  std::string path(std::string_view key) const;
  /// Notes a mistake about a member: "must be …".
  void fail(std::string_view key, std::string_view problem);
  /// Notes a mistake of a nested reader as it is.
  void adopt(const Failure& failure);
  bool failed() const { return failure_.has_value(); }

  Result<void> finish() const;

  template <class T>
  Result<T> finish(T value) const {
    if (auto done = finish(); !done) return pass_on(done);
    return value;
  }

 private:
  const boost::json::value* find(std::string_view key);

  const boost::json::object* object_ = nullptr;
  std::string where_;
  std::size_t read_ = 0;
  std::optional<Failure> failure_;
};

/// Parses a whole document; failure `malformed_message` for anything that is not JSON.
Result<boost::json::value> parse_json(std::string_view text);

}  // namespace imp::ci::runner
