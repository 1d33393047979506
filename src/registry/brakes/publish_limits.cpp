#include "registry/brakes/publish_limits.h"

#include <fmt/format.h>

#include "db/forgotten.h"

namespace imp::registry {

namespace {

constexpr Milliseconds kHour = std::chrono::hours(1);
/// Longer than it counts, so that the small steps of clocks cost nobody anything.
constexpr Milliseconds kKept = 2 * kHour;
constexpr std::string_view kAll = "all";
constexpr db::Marks kCounted{
    .table = "recent_publish", .issuer = "'all'", .time = "at", .forgotten = "forgotten_publish"};

/// What lies in the future, after a clock was set back, counts as well.
bool used_up(db::Session& session, const std::string& source, std::int64_t limit, Time now) {
  const auto row = session.row(
      "SELECT COUNT(*) FROM (SELECT 1 FROM recent_publish WHERE source = :p1 AND at > :p2 LIMIT "
      ":p3) AS counted",
      {source, to_milliseconds(now - kHour), limit});
  return row->integer(0) >= limit;
}

void count(db::Session& session, const std::string& source, Time now) {
  session.run("INSERT INTO recent_publish (source, at) VALUES (:p1, :p2)",
              {source, to_milliseconds(now)});
}

/// "1 version", "5 versions".
std::string versions(std::int64_t count) {
  return fmt::format("{} version{}", count, count == 1 ? "" : "s");
}

}  // namespace

std::optional<std::string> excess(db::Session& session, const PublishLimits& limits,
                                  const PublishSource& source, Time now) {
  if (limits.per_publisher > 0 && used_up(session, source.publisher, limits.per_publisher, now)) {
    return fmt::format(
        "It was one more than the {} that a publisher may publish within an hour here.",
        versions(limits.per_publisher));
  }
  if (limits.per_repository > 0 && !source.repository.empty() &&
      used_up(session, source.repository, limits.per_repository, now)) {
    return fmt::format(
        "It was one more than the {} that a project, here {}, may publish within an hour.",
        versions(limits.per_repository), source.repository_name);
  }
  if (limits.any() && db::may_be_forgotten(session, kCounted, kAll, now - kHour, now)) {
    return "This registry's clock was ahead and was set back, so that it does not know what was "
           "published within the last hour.";
  }
  return std::nullopt;
}

void count_publish(db::Session& session, const PublishLimits& limits, const PublishSource& source,
                   Time now) {
  if (limits.per_publisher > 0) count(session, source.publisher, now);
  if (limits.per_repository > 0 && !source.repository.empty()) {
    count(session, source.repository, now);
  }
}

void forget_publishes(db::Session& session, Time now) {
  db::forget(session, kCounted, now - kKept);
}

}  // namespace imp::registry
