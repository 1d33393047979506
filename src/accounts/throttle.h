#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "crypto/random.h"

namespace imp::accounts {

/// The one length of all windows: counts that share a bucket must start afresh together, or one
/// would wipe out the other.
inline constexpr Milliseconds kThrottleWindow = std::chrono::minutes(15);

/// At most `attempts` in each window.
struct Limit {
  std::string_view what;  ///< keeps the counts of different limits apart: "sign_in_name", …
  int attempts = 0;
};

/// Counts attempts in a fixed amount of memory (1 MiB): a count-min sketch whose hashes are keyed
/// with a secret, so that a flood of made-up names can neither grow it nor push a victim's count
/// out. A key has a bucket in each of four rows and the smallest of their counts: it is limited
/// with others only when it shares all four with keys that are used a lot. Counts live on this node
/// alone and do not survive a restart. Thread-safe.
class Throttle {
 public:
  Throttle(const Clock& clock, crypto::Random& random);

  struct Admission {
    bool admitted = false;
    bool first_refusal = false;  ///< the first refusal of this window: worth a record
  };
  /// Counts one attempt; refused when the window's attempts are used up.
  Admission admit(const Limit& limit, std::string_view key);
  /// Takes back what admit() counted: the attempt was a success.
  void refund(const Limit& limit, std::string_view key);

 private:
  struct Bucket {
    std::uint32_t window = 0;
    std::uint32_t count = 0;
  };
  static constexpr std::size_t kRows = 4;
  /// The key's bucket in each row, emptied when its window has passed. Needs the mutex.
  std::array<Bucket*, kRows> buckets(const Limit& limit, std::string_view key);

  const Clock& clock_;
  Bytes secret_;
  std::mutex mutex_;
  std::vector<Bucket> buckets_;  ///< one row after the other
};

/// What attempts of one client are counted under: the IPv4 address, or the /64 of an IPv6 address,
/// as "192.0.2.1" or "2001:db8:1:2::/64". A text that is no address is itself.
std::string throttle_address(std::string_view address);

}  // namespace imp::accounts
