#include "audit/suppressed.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

namespace imp::audit {

std::int64_t SuppressedRefusals::total() const {
  std::int64_t sum = 0;
  for (const auto& [code, count] : codes) sum += count;
  return sum;
}

std::string SuppressedRefusals::text() const {
  std::string each;
  for (const auto& [code, count] : codes) {
    each += fmt::format("{}{} {}", each.empty() ? "" : ", ", count, code);
  }
  return fmt::format("{} more were refused between {} and {}: {}.", total(), time_text(from),
                     time_text(until), each);
}

Record SuppressedRefusals::record(Time now) const {
  Record record;
  record.at = now;
  record.actor = "system";
  record.action = action;
  record.subject = subject;
  record.outcome = "suppressed";
  record.remote_address = address;
  boost::json::object counts;
  for (const auto& [code, count] : codes) counts[code] = count;
  record.detail = {{"count", total()},
                   {"codes", std::move(counts)},
                   {"from", iso8601(from)},
                   {"until", iso8601(until)}};
  return record;
}

Suppressed::Codes& Suppressed::codes_of(Key key) {
  if (key.subject.size() > kLongestSubject) key.subject.clear();
  const auto found = groups_.find(key);
  if (found != groups_.end()) return found->second;
  const auto of_address = std::ranges::count_if(groups_, [&](const auto& group) {
    return group.first.window == key.window && group.first.address == key.address;
  });
  if (of_address >= kMostOfAddress) key.subject.clear();
  if (groups_.size() >= kMost && !groups_.contains(key)) {
    key.subject.clear();
    key.address.clear();
  }
  if (groups_.size() >= 2 * kMost && !groups_.contains(key)) {
    key = {groups_.begin()->first.window, "refusals", {}, {}, false};
  }
  return groups_[std::move(key)];
}

void Suppressed::add(const Refusal& refusal) {
  const std::int64_t window = to_milliseconds(clock_.now()) / window_.count();
  const std::lock_guard lock(mutex_);
  Codes& codes = codes_of({window, std::string(refusal.action), std::string(refusal.subject),
                           std::string(refusal.address), refusal.proved});
  ++codes[std::string(refusal.code)];
}

std::vector<SuppressedRefusals> Suppressed::take(Which which) {
  const std::int64_t current = to_milliseconds(clock_.now()) / window_.count();
  std::vector<SuppressedRefusals> taken;
  const std::lock_guard lock(mutex_);
  for (auto at = groups_.begin(); at != groups_.end();) {
    const Key& key = at->first;
    if (which == Which::of_past_windows && key.window >= current) {
      ++at;
      continue;
    }
    SuppressedRefusals one{.action = key.action,
                           .subject = key.subject,
                           .address = key.address,
                           .proved = key.proved,
                           .from = from_milliseconds(key.window * window_.count()),
                           .until = from_milliseconds((key.window + 1) * window_.count()),
                           .codes = {at->second.begin(), at->second.end()}};
    taken.push_back(std::move(one));
    at = groups_.erase(at);
  }
  return taken;
}

void Suppressed::put_back(std::vector<SuppressedRefusals> refusals) {
  const std::lock_guard lock(mutex_);
  for (SuppressedRefusals& one : refusals) {
    Codes& codes = codes_of({to_milliseconds(one.from) / window_.count(), std::move(one.action),
                             std::move(one.subject), std::move(one.address), one.proved});
    for (const auto& [code, count] : one.codes) codes[code] += count;
  }
}

Result<void> Suppressed::write_down(db::Database& database, Which which, const Write& write) {
  auto refusals = take(which);
  if (refusals.empty()) return {};
  const Time now = clock_.now();
  auto written = database.write([&](db::Session& session) -> Result<void> {
    for (const SuppressedRefusals& one : refusals) write(session, one, now);
    return {};
  });
  if (!written) put_back(std::move(refusals));
  return written;
}

}  // namespace imp::audit
