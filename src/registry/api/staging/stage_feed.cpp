#include "registry/api/staging/stage_feed.h"

#include <fmt/format.h>

namespace imp::registry {

std::string stage_topic(std::string_view id) { return fmt::format("stage/{}", id); }

std::string stage_events_topic(const StageEventFilter& filter) {
  if (!filter.package_name.empty()) return "stage-events/package/" + filter.package_name;
  if (!filter.scope.empty()) return "stage-events/scope/" + filter.scope;
  return "stage-events";
}

void StageFeed::changed(http::Waiters& waiters, std::string_view package_name) {
  ++changes_;
  waiters.notify(stage_events_topic({}));
  waiters.notify(stage_events_topic({.package_name = std::string(package_name), .scope = {}}));
  if (const std::string scope = scope_of_package(package_name); !scope.empty()) {
    waiters.notify(stage_events_topic({.package_name = {}, .scope = scope}));
  }
}

std::shared_ptr<const void> StageFeed::take_seat(const std::shared_ptr<StageFeed>& feed,
                                                 const std::string& person) {
  const std::lock_guard lock(feed->mutex_);
  int& taken = feed->streams_[person];
  if (taken >= kMostStreams) return nullptr;
  ++taken;
  const auto leave = [feed, person](const void*) {
    const std::lock_guard leaving(feed->mutex_);
    const auto mine = feed->streams_.find(person);
    if (--mine->second == 0) feed->streams_.erase(mine);
  };
  return std::shared_ptr<const void>(feed.get(), leave);
}

}  // namespace imp::registry
