#include "base/clock.h"

#include <fmt/chrono.h>

#include <cstdio>
#include <ctime>

namespace imp {

namespace {

std::tm utc(Time time) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

}  // namespace

Time SystemClock::now() const {
  return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
}

std::string iso8601(Time time) {
  const auto millis = (time - std::chrono::floor<std::chrono::seconds>(time)).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", utc(time), millis);
}

std::optional<Time> parse_iso8601(std::string_view text) {
  const std::string copy(text);
  int year, month, day, hour, minute, second, used = 0;
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute,
                  &second, &used) != 6 ||
      used != 19) {
    return std::nullopt;
  }
  int millis = 0;
  std::size_t rest = 19;
  if (rest < copy.size() && copy[rest] == '.') {
    int scale = 100;
    for (++rest; rest < copy.size() && copy[rest] >= '0' && copy[rest] <= '9'; ++rest) {
      millis += (copy[rest] - '0') * scale;
      scale /= 10;
    }
  }
  if (copy.substr(rest) != "Z") return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59 || hour < 0 || minute < 0 ||
      second < 0) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + Milliseconds(millis);
}

std::string time_text(Time time) { return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", utc(time)); }

std::string time_text(std::string_view written) {
  const auto time = parse_iso8601(written);
  return time ? time_text(*time) : std::string(written);
}

std::string http_date(Time time) {
  // Spelled out because strftime's day and month names follow the locale.
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm t = utc(time);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", days[t.tm_wday], t.tm_mday,
                     months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

}  // namespace imp
