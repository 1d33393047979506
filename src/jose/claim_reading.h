#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/failure.h"

namespace imp::jose {

// The registered claims of RFC 7519 §4.1, each read with the one type that verify() accepts.
// Failures are missing_claim and claim_type.

/// `jti` is stored to recognise a replay, so its length is bounded.
inline constexpr std::size_t kMaxTokenIdBytes = 256;

struct TimeClaims {
  Time issued_at;
  Time expires_at;  ///< never before issued_at
  std::optional<Time> not_before;
};
Result<TimeClaims> read_times(const boost::json::object& claims);

/// `aud`: a string, or an array whose only element is a string.
Result<std::string> read_audience(const boost::json::object& claims);

/// A claim that is a string when it is there.
Result<std::optional<std::string>> read_optional_text(const boost::json::object& claims,
                                                      std::string_view name);

/// `jti`: 1 to kMaxTokenIdBytes bytes when it is there.
Result<std::optional<std::string>> read_token_id(const boost::json::object& claims, bool required);

/// The value as JSON, cut to what fits in a log line.
std::string clipped(const boost::json::value& value);

}  // namespace imp::jose
