#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace imp {

/// A point in time, UTC, to the millisecond. Stored in tables as integer milliseconds since 1970.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Milliseconds = std::chrono::milliseconds;

/// A clock is put right by so much without that anything comes of it. What is of a later time than
/// this from now was made by a clock that was ahead.
inline constexpr Milliseconds kClockCorrection = std::chrono::minutes(5);

/// The injected source of time. Nothing below app/ reads the system's clock by itself.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Time now() const override;
};

/// A clock that stands still until it is told otherwise, for tests.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start) : now_(start) {}
  Time now() const override { return now_; }
  void set(Time now) { now_ = now; }
  void advance(Milliseconds by) { now_ += by; }

 private:
  Time now_;
};

/// "2026-11-23T21:16:42.123Z" (RFC 3339, always milliseconds and Z): what npm and CircleCI send.
std::string iso8601(Time time);
/// Parses what iso8601() writes, with or without a fraction; nothing for anything else.
std::optional<Time> parse_iso8601(std::string_view text);
/// "2026-11-23 21:16:42 UTC": for people, on pages, in messages and on a terminal.
std::string time_text(Time time);
/// The same of what iso8601() wrote; any other text as it is.
std::string time_text(std::string_view written);
/// "Mon, 23 Nov 2026 21:16:42 GMT" (RFC 9110 §5.6.7), for Last-Modified and Date.
std::string http_date(Time time);

inline std::int64_t to_milliseconds(Time time) { return time.time_since_epoch().count(); }
inline Time from_milliseconds(std::int64_t value) { return Time(Milliseconds(value)); }

}  // namespace imp
