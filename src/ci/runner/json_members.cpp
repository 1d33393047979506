#include "ci/runner/json_members.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "ci/runner/refusals.h"

namespace imp::ci::runner {

namespace json = boost::json;

namespace {

const json::value& null_value() {
  static const json::value value;
  return value;
}

const json::array& empty_array() {
  static const json::array value;
  return value;
}

}  // namespace

Members::Members(const json::value& value, std::string where) : where_(std::move(where)) {
  object_ = value.if_object();
  if (object_ == nullptr) fail("", "must be an object");
}

std::string Members::path(std::string_view key) const {
  if (where_.empty()) return std::string(key);
  if (key.empty()) return where_;
  return fmt::format("{}.{}", where_, key);
}

void Members::fail(std::string_view key, std::string_view problem) {
  if (failure_) return;
  std::string place = path(key);
  failure_ = refuse(RunnerRefusal::malformed_message,
                    fmt::format("The message is malformed: {} {}.",
                                place.empty() ? "the document" : place, problem))
                 .error();
}

void Members::adopt(const Failure& failure) {
  if (!failure_) failure_ = failure;
}

const json::value* Members::find(std::string_view key) {
  if (object_ == nullptr) return nullptr;
  const json::value* found = object_->if_contains(key);
  if (found == nullptr) {
    fail(key, "is missing");
    return nullptr;
  }
  ++read_;
  return found;
}

const json::value& Members::member(std::string_view key) {
  const json::value* found = find(key);
  return found == nullptr ? null_value() : *found;
}

std::string Members::text(std::string_view key, std::size_t longest) {
  const json::value* found = find(key);
  if (found == nullptr) return {};
  const json::string* value = found->if_string();
  if (value == nullptr) {
    fail(key, "must be text");
    return {};
  }
  if (value->size() > longest) {
    fail(key, fmt::format("is longer than {} bytes", longest));
    return {};
  }
  // NUL ends an argument or a variable early: what was checked would not be what is used.
  if (value->find('\0') != json::string::npos) {
    fail(key, "must not hold a NUL character");
    return {};
  }
  return std::string(value->data(), value->size());
}

bool Members::boolean(std::string_view key) {
  const json::value* found = find(key);
  if (found == nullptr) return false;
  if (const bool* value = found->if_bool()) return *value;
  fail(key, "must be true or false");
  return false;
}

std::int64_t Members::integer(std::string_view key, std::int64_t least, std::int64_t most) {
  const json::value* found = find(key);
  if (found == nullptr) return least;
  const std::int64_t* value = found->if_int64();
  if (value == nullptr || *value < least || *value > most) {
    fail(key, fmt::format("must be a whole number from {} to {}", least, most));
    return least;
  }
  return *value;
}

std::optional<std::int64_t> Members::integer_or_null(std::string_view key, std::int64_t least,
                                                     std::int64_t most) {
  if (object_ != nullptr) {
    const json::value* found = object_->if_contains(key);
    if (found != nullptr && found->is_null()) {
      ++read_;
      return std::nullopt;
    }
  }
  return integer(key, least, most);
}

const json::array& Members::array(std::string_view key, std::size_t longest) {
  const json::value* found = find(key);
  if (found == nullptr) return empty_array();
  const json::array* value = found->if_array();
  if (value == nullptr) {
    fail(key, "must be a list");
    return empty_array();
  }
  if (value->size() > longest) {
    fail(key, fmt::format("has more than {} entries", longest));
    return empty_array();
  }
  return *value;
}

Result<void> Members::finish() const {
  if (failure_) return std::unexpected(*failure_);
  if (read_ != object_->size()) {
    return refuse(
        RunnerRefusal::malformed_message,
        fmt::format("The message is malformed: {} has a member that this version does not know.",
                    where_.empty() ? "the document" : where_));
  }
  return {};
}

Result<json::value> parse_json(std::string_view text) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 8;
  json::value value = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
  if (error) {
    return refuse(RunnerRefusal::malformed_message, "The message is not JSON: " + error.message());
  }
  return value;
}

}  // namespace imp::ci::runner
