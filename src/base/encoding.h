#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace imp {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Lower-case hexadecimal.
std::string hex(ByteView bytes);
/// Even length, either case; nothing for anything else.
std::optional<Bytes> from_hex(std::string_view text);

/// RFC 4648 §4, with padding.
std::string base64(ByteView bytes);
/// Strict: padding required, no white space, no non-zero trailing bits.
std::optional<Bytes> from_base64(std::string_view text);

/// RFC 4648 §5, without padding: the form of JOSE (RFC 7515 §2).
std::string base64url(ByteView bytes);
/// Strict: no padding, no white space, no standard alphabet, no non-zero trailing bits.
std::optional<Bytes> from_base64url(std::string_view text);

/// Percent-encodes everything but RFC 3986's unreserved characters, like encodeURIComponent.
std::string percent_encode(std::string_view text);
/// Decodes each %XX once; nothing when an escape is malformed.
std::optional<std::string> percent_decode(std::string_view text);

/// True when the text is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// Escapes & < > " ' for HTML text and attributes.
std::string html_escape(std::string_view text);

}  // namespace imp
