#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/encoding.h"

namespace imp::sigstore {

// Members of a JSON object in protobuf's mapping: bytes are base64, 64-bit numbers are text.
// Private to sigstore/.

/// Null when there is none, or one of another type.
const boost::json::object* object_at(const boost::json::object& object, std::string_view name);
const boost::json::array* array_at(const boost::json::object& object, std::string_view name);
/// Empty when there is none.
std::string text_at(const boost::json::object& object, std::string_view name);
/// Nothing when there is none, or it is empty.
std::optional<Bytes> bytes_at(const boost::json::object& object, std::string_view name);
/// Not negative; text of decimal digits, or a number.
std::optional<std::uint64_t> number_at(const boost::json::object& object, std::string_view name);

}  // namespace imp::sigstore
