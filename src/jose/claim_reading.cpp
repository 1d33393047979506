#include "jose/claim_reading.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "jose/refusal.h"

namespace imp::jose {

namespace json = boost::json;

namespace {

/// The last second of the year 9999: beyond it no RFC 3339 text exists, and sums stay far from
/// overflow.
constexpr std::int64_t kLatestSecond = 253'402'300'799;

std::unexpected<Failure> missing(std::string_view name) {
  return refuse(TokenRefusal::missing_claim, fmt::format("The token has no \"{}\" claim.", name));
}

std::unexpected<Failure> wrong(std::string_view name, std::string_view expected,
                               const json::value& found) {
  return refuse(TokenRefusal::claim_type,
                fmt::format("The token's \"{}\" claim must be {}.", name, expected),
                fmt::format("{} {}", name, clipped(found)));
}

Result<std::optional<Time>> read_time(const json::object& claims, std::string_view name) {
  const json::value* value = claims.if_contains(name);
  if (!value) return std::nullopt;
  // A number with a fraction or exponent is a double here, one beyond 2^63 a uint64 or a double.
  const std::int64_t* second = value->if_int64();
  if (!second || *second < 0 || *second > kLatestSecond) {
    return wrong(name, "a whole number of seconds since 1970", *value);
  }
  return Time(std::chrono::seconds(*second));
}

}  // namespace

Result<TimeClaims> read_times(const json::object& claims) {
  const auto expires_at = read_time(claims, "exp");
  if (!expires_at) return pass_on(expires_at);
  if (!*expires_at) return missing("exp");
  const auto issued_at = read_time(claims, "iat");
  if (!issued_at) return pass_on(issued_at);
  if (!*issued_at) return missing("iat");
  const auto not_before = read_time(claims, "nbf");
  if (!not_before) return pass_on(not_before);
  if (**expires_at < **issued_at) {
    return wrong("exp", "at or after its \"iat\"", claims.at("exp"));
  }
  return TimeClaims{**issued_at, **expires_at, *not_before};
}

Result<std::string> read_audience(const json::object& claims) {
  const json::value* value = claims.if_contains("aud");
  if (!value) return missing("aud");
  const json::value* only = value;
  if (const json::array* list = value->if_array()) {
    only = list->size() == 1 ? &list->front() : nullptr;
  }
  if (!only || !only->is_string()) return wrong("aud", "a string or an array of one", *value);
  return std::string(only->get_string());
}

Result<std::optional<std::string>> read_optional_text(const json::object& claims,
                                                      std::string_view name) {
  const json::value* value = claims.if_contains(name);
  if (!value) return std::nullopt;
  if (!value->is_string()) return wrong(name, "a string", *value);
  return std::string(value->get_string());
}

Result<std::optional<std::string>> read_token_id(const json::object& claims, bool required) {
  auto text = read_optional_text(claims, "jti");
  if (!text) return text;
  if (!*text) {
    if (required) return missing("jti");
    return text;
  }
  if ((*text)->empty() || (*text)->size() > kMaxTokenIdBytes) {
    return wrong("jti", fmt::format("1 to {} bytes long", kMaxTokenIdBytes), claims.at("jti"));
  }
  return text;
}

std::string clipped(const json::value& value) {
  constexpr std::size_t kLongest = 200;
  std::string text = json::serialize(value);
  if (text.size() <= kLongest) return text;
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // whole UTF-8
  return text.substr(0, end) + "...";
}

}  // namespace imp::jose
