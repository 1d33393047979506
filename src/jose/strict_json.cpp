#include "jose/strict_json.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_stack.hpp>
#include <cmath>
#include <memory_resource>
#include <set>
#include <vector>

namespace imp::jose {

namespace {

namespace json = boost::json;

/// Builds the value as json::parser does, and stops at what that accepts and we do not: json::parse
/// keeps the last of two equal names without a word.
class StrictHandler {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  StrictHandler(std::size_t values, json::storage_ptr memory) : values_left_(values) {
    stack_.reset(std::move(memory));
  }

  json::value release() { return stack_.release(); }
  std::string_view why() const { return why_; }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }

  bool on_object_begin(json::error_code&) {
    names_.emplace_back(&names_memory_);
    return true;
  }
  bool on_object_end(std::size_t members, json::error_code& ec) {
    names_.pop_back();
    stack_.push_object(members);
    return count(ec);
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t elements, json::error_code& ec) {
    stack_.push_array(elements);
    return count(ec);
  }

  bool on_key_part(json::string_view part, std::size_t, json::error_code& ec) {
    name_.append(part);
    stack_.push_chars(part);
    return has_no_nul(part, ec);
  }
  bool on_key(json::string_view part, std::size_t, json::error_code& ec) {
    name_.append(part);
    stack_.push_key(part);
    if (!has_no_nul(part, ec)) return false;
    const bool fresh = names_.back().emplace(name_).second;
    name_.clear();
    return fresh || stop("a member name is repeated in one object", ec);
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code& ec) {
    stack_.push_chars(part);
    return has_no_nul(part, ec);
  }
  bool on_string(json::string_view part, std::size_t, json::error_code& ec) {
    stack_.push_string(part);
    return has_no_nul(part, ec) && count(ec);
  }

  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, json::error_code& ec) {
    stack_.push_int64(number);
    return count(ec);
  }
  bool on_uint64(std::uint64_t number, json::string_view, json::error_code& ec) {
    stack_.push_uint64(number);
    return count(ec);
  }
  bool on_double(double number, json::string_view, json::error_code& ec) {
    if (!std::isfinite(number)) return stop("a number is out of range", ec);
    stack_.push_double(number);
    return count(ec);
  }
  bool on_bool(bool value, json::error_code& ec) {
    stack_.push_bool(value);
    return count(ec);
  }
  bool on_null(json::error_code& ec) {
    stack_.push_null();
    return count(ec);
  }

  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  bool stop(std::string_view why, json::error_code& ec) {
    why_ = why;
    ec = json::error::syntax;
    return false;
  }
  bool count(json::error_code& ec) {
    return values_left_-- > 0 || stop("there are too many values", ec);
  }
  bool has_no_nul(std::string_view text, json::error_code& ec) {
    return !text.contains('\0') || stop("a string contains U+0000", ec);
  }

  json::value_stack stack_;
  std::size_t values_left_;
  std::string name_;  ///< the member name being read, unescaped
  std::pmr::monotonic_buffer_resource names_memory_;
  /// Those already read, for each open object.
  std::vector<std::pmr::set<std::pmr::string>> names_;
  std::string_view why_;
};

}  // namespace

std::expected<json::object, std::string> parse_strict_object(std::string_view text,
                                                             const JsonLimits& limits,
                                                             json::storage_ptr memory) {
  json::parse_options options;
  options.max_depth = limits.depth;
  json::basic_parser<StrictHandler> parser(options, limits.values, std::move(memory));
  json::error_code ec;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
  if (const std::string_view why = parser.handler().why(); !why.empty()) {
    return std::unexpected(std::string(why));
  }
  if (ec == json::error::too_deep) return std::unexpected("it is nested too deeply");
  if (ec) return std::unexpected("it is not valid JSON: " + ec.message());
  if (used != text.size()) return std::unexpected("something follows the JSON value");
  json::value value = parser.handler().release();
  if (!value.is_object()) return std::unexpected("it is not a JSON object");
  return std::move(value.as_object());
}

}  // namespace imp::jose
