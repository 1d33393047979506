#include "web/frame/model.h"

#include <boost/json.hpp>
#include <cctype>
#include <utility>

#include "base/encoding.h"

namespace imp::web {

namespace {

std::string counted(std::int64_t count, std::string_view unit) {
  return fmt::format("{} {}{}", count, unit, count == 1 ? "" : "s");
}

std::string day_text(Time time) {
  static constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
  return fmt::format("{} {} {}", static_cast<unsigned>(day.day()),
                     kMonths[static_cast<unsigned>(day.month()) - 1], static_cast<int>(day.year()));
}

std::string distance_text(Time time, Time now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - time).count();
  if (seconds < 0 || seconds >= 14 * 86400) return day_text(time);
  if (seconds < 45) return "just now";
  if (seconds < 3600) return counted(std::max<std::int64_t>(1, seconds / 60), "minute") + " ago";
  if (seconds < 86400) return counted(seconds / 3600, "hour") + " ago";
  return counted(seconds / 86400, "day") + " ago";
}

}  // namespace

boost::json::object time_model(Time time, Time now) {
  return {{"iso", iso8601(time)}, {"text", distance_text(time, now)}, {"full", time_text(time)}};
}

boost::json::value time_model(const std::optional<Time>& time, Time now) {
  if (!time) return false;
  return time_model(*time, now);
}

std::string duration_text(Milliseconds duration) {
  const auto all = duration.count();
  if (all < 10'000) return fmt::format("{:.1f} s", static_cast<double>(all) / 1000);
  const auto seconds = all / 1000;
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double size = static_cast<double>(bytes);
  std::string_view unit;
  for (const std::string_view next : {"kB", "MB", "GB"}) {
    if (size < 1000) break;
    size /= 1000;
    unit = next;
  }
  return fmt::format("{:.1f} {}", size, unit);
}

std::string package_link(std::string_view name) {
  const auto slash = name.find('/');
  if (!name.starts_with('@') || slash == std::string_view::npos) {
    return "/package/" + percent_encode(name);
  }
  return fmt::format("/package/@{}/{}", percent_encode(name.substr(1, slash - 1)),
                     percent_encode(name.substr(slash + 1)));
}

std::string safe_link(std::string_view address) {
  if (address.starts_with("git+")) address.remove_prefix(4);
  const bool web = address.starts_with("https://") || address.starts_with("http://");
  return web ? std::string(address) : std::string();
}

std::string browser_text(std::string_view user_agent) {
  // In this order: each names those below it too.
  static constexpr std::pair<std::string_view, std::string_view> kBrowsers[] = {
      {"Edg", "Edge"},       {"OPR/", "Opera"},    {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
      {"Chrome/", "Chrome"}, {"CriOS/", "Chrome"}, {"Safari/", "Safari"}};
  static constexpr std::pair<std::string_view, std::string_view> kSystems[] = {
      {"Android", "Android"}, {"iPhone", "iPhone"},   {"iPad", "iPad"},
      {"Windows", "Windows"}, {"Macintosh", "macOS"}, {"Linux", "Linux"}};
  const auto named = [&](const auto& names) -> std::string_view {
    for (const auto& [sign, name] : names) {
      if (user_agent.contains(sign)) return name;
    }
    return {};
  };
  const std::string_view browser = named(kBrowsers), system = named(kSystems);
  if (browser.empty()) return std::string(user_agent.empty() ? "an unnamed client" : user_agent);
  return system.empty() ? std::string(browser) : fmt::format("{} on {}", browser, system);
}

std::string status_text(std::string_view status) {
  if (status == "timedout") return "timed out";
  if (status == "infrastructure_fail") return "infrastructure failure";
  if (status == "PENDING") return "planned";  // of a deployment, until its job says it runs
  std::string text(status);
  for (char& c : text) c = c == '_' ? ' ' : static_cast<char>(std::tolower(c));
  return text;
}

std::string_view tone_of(std::string_view status) {
  static constexpr std::pair<std::string_view, std::string_view> kTones[] = {
      {"success", "good"},     {"granted", "good"},    {"created", "quiet"},
      {"running", "busy"},     {"pending", "waiting"}, {"queued", "waiting"},
      {"on_hold", "waiting"},  {"failing", "bad"},     {"failed", "bad"},
      {"errored", "bad"},      {"timedout", "bad"},    {"infrastructure_fail", "bad"},
      {"unauthorized", "bad"}, {"SUCCESS", "good"},    {"RUNNING", "busy"},
      {"PENDING", "waiting"},  {"FAILED", "bad"},      {"confirmed", "good"},
  };
  for (const auto& [word, tone] : kTones) {
    if (word == status) return tone;
  }
  return "quiet";
}

}  // namespace imp::web
