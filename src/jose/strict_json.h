#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace imp::jose {

/// Bounds on what an untrusted document may make us build.
struct JsonLimits {
  std::size_t depth = 16;      ///< of nested objects and arrays, the outermost included
  std::size_t values = 1'000;  ///< members and elements in the whole document
};

/// Parses one JSON object (RFC 8259) in the strict sense of I-JSON (RFC 7493 §2): well-formed
/// UTF-8, no lone surrogates, no byte order mark, no member name twice in one object at any level
/// ("aud" and
/// "\u0061ud" are the same name), no number beyond a double's range, nothing but white space after
/// it. U+0000 is refused in names and strings: stores and C interfaces cut text there, and what was
/// verified must be what is stored. Otherwise says in a few words what is wrong.
/// The object lives in `memory`; the default is the heap.
std::expected<boost::json::object, std::string> parse_strict_object(
    std::string_view text, const JsonLimits& limits, boost::json::storage_ptr memory = {});

}  // namespace imp::jose
