#include "base/retry.h"

#include <array>

namespace imp {

std::optional<Milliseconds> retry_after(std::size_t attempts) {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  static constexpr std::array<Milliseconds, 7> kWaits = {
      seconds(5), minutes(1), minutes(5), minutes(30), hours(2), hours(6), hours(12)};
  if (attempts == 0 || attempts > kWaits.size()) return std::nullopt;
  return kWaits[attempts - 1];
}

}  // namespace imp
