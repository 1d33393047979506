#include "accounts/throttle.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "accounts/cidr.h"
#include "crypto/hash.h"

namespace imp::accounts {
namespace {

constexpr std::size_t kBucketsOfARow = 32768;
constexpr std::size_t kSecretBytes = 32;
constexpr std::ptrdiff_t kNetworkBytes = 8;

}  // namespace

Throttle::Throttle(const Clock& clock, crypto::Random& random)
    : clock_(clock), secret_(random.bytes(kSecretBytes)), buckets_(kRows * kBucketsOfARow) {}

std::array<Throttle::Bucket*, Throttle::kRows> Throttle::buckets(const Limit& limit,
                                                                 std::string_view key) {
  std::string message(limit.what);
  message += '\0';
  message += key;
  const crypto::Sha256 digest = crypto::hmac_sha256(secret_, bytes_of(message));
  const auto window =
      static_cast<std::uint32_t>(to_milliseconds(clock_.now()) / kThrottleWindow.count());

  std::array<Bucket*, kRows> found{};
  for (std::size_t row = 0; row < kRows; ++row) {
    std::uint32_t number = 0;
    static_assert(kRows * sizeof number <= std::tuple_size_v<crypto::Sha256>);
    std::memcpy(&number, digest.data() + row * sizeof number, sizeof number);
    Bucket& bucket = buckets_[row * kBucketsOfARow + number % kBucketsOfARow];
    if (bucket.window != window) bucket = Bucket{.window = window, .count = 0};
    found[row] = &bucket;
  }
  return found;
}

Throttle::Admission Throttle::admit(const Limit& limit, std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto found = buckets(limit, key);
  const std::uint32_t count = std::ranges::min(found, {}, &Bucket::count)->count;
  const auto attempts = static_cast<std::uint32_t>(limit.attempts);
  // The first refusal is counted too, so that the next one is told from it.
  if (count <= attempts) {
    for (Bucket* bucket : found) ++bucket->count;
  }
  return {.admitted = count < attempts, .first_refusal = count == attempts};
}

void Throttle::refund(const Limit& limit, std::string_view key) {
  const std::lock_guard lock(mutex_);
  for (Bucket* bucket : buckets(limit, key)) {
    if (bucket->count > 0) --bucket->count;
  }
}

std::string throttle_address(std::string_view address) {
  std::optional<Address> parsed = parse_address(address);
  if (!parsed) return std::string(address);
  constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (std::equal(mapped.begin(), mapped.end(), parsed->begin())) {
    return inet_ntop(AF_INET, parsed->data() + mapped.size(), text.data(), text.size());
  }
  std::fill(parsed->begin() + kNetworkBytes, parsed->end(), std::uint8_t{0});
  return std::string(inet_ntop(AF_INET6, parsed->data(), text.data(), text.size())) + "/64";
}

}  // namespace imp::accounts
