#include "sigstore/members.h"

#include "tlog/decimal.h"

namespace imp::sigstore {

namespace json = boost::json;

const json::object* object_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr ? value->if_object() : nullptr;
}

const json::array* array_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr ? value->if_array() : nullptr;
}

std::string text_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::optional<Bytes> bytes_at(const json::object& object, std::string_view name) {
  auto bytes = from_base64(text_at(object, name));
  if (!bytes || bytes->empty()) return std::nullopt;
  return bytes;
}

std::optional<std::uint64_t> number_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return tlog::parse_decimal(value->get_string());
  if (value->is_int64() && value->get_int64() >= 0) {
    return static_cast<std::uint64_t>(value->get_int64());
  }
  return std::nullopt;
}

}  // namespace imp::sigstore
