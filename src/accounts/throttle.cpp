#include "accounts/throttle.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "accounts/cidr.h"
#include "crypto/hash.h"

namespace imp::accounts {
namespace {

constexpr std::size_t kBuckets = 32768;
constexpr std::size_t kSecretBytes = 32;

}  // namespace

Throttle::Throttle(const Clock& clock, crypto::Random& random)
    : clock_(clock), secret_(random.bytes(kSecretBytes)), buckets_(kBuckets) {}

Throttle::Bucket& Throttle::bucket(const Limit& limit, std::string_view key) {
  std::string message(limit.what);
  message += '\0';
  message += key;
  const crypto::Sha256 digest = crypto::hmac_sha256(secret_, bytes_of(message));
  std::uint32_t number = 0;
  std::memcpy(&number, digest.data(), sizeof number);
  Bucket& bucket = buckets_[number % kBuckets];

  const auto window =
      static_cast<std::uint32_t>(to_milliseconds(clock_.now()) / kThrottleWindow.count());
  if (bucket.window != window) bucket = Bucket{.window = window, .count = 0};
  return bucket;
}

Throttle::Admission Throttle::admit(const Limit& limit, std::string_view key) {
  const std::lock_guard lock(mutex_);
  Bucket& found = bucket(limit, key);
  const auto attempts = static_cast<std::uint32_t>(limit.attempts);
  if (found.count < attempts) {
    ++found.count;
    return {.admitted = true};
  }
  const bool first = found.count == attempts;
  if (first) ++found.count;
  return {.admitted = false, .first_refusal = first};
}

void Throttle::refund(const Limit& limit, std::string_view key) {
  const std::lock_guard lock(mutex_);
  Bucket& found = bucket(limit, key);
  if (found.count > 0) --found.count;
}

std::string throttle_address(std::string_view address) {
  const std::optional<Address> parsed = parse_address(address);
  if (!parsed) return std::string(address);
  constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(mapped.begin(), mapped.end(), parsed->begin())) return hex(*parsed);
  return hex(ByteView(*parsed).first(8));
}

}  // namespace imp::accounts
