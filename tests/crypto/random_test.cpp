#include "crypto/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>

namespace imp::crypto {
namespace {

/// 0, 1, 2, ... 255, 0, ...: every byte equally often, so a fair mapping is exactly even.
class CountingRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_ = 0;
};

TEST(Random, EveryCharacterIsEquallyLikely) {
  CountingRandom random;
  std::map<char, int> seen;
  for (const char c : random.alphanumeric(62 * 4 * 8)) ++seen[c];
  ASSERT_EQ(seen.size(), 62u);
  for (const auto& [c, times] : seen) EXPECT_EQ(times, 4 * 8) << c;
}

TEST(Random, EveryDigitIsEquallyLikely) {
  CountingRandom random;
  std::map<char, int> seen;
  for (const char c : random.digits(250 * 4)) ++seen[c];
  ASSERT_EQ(seen.size(), 10u);
  for (const auto& [c, times] : seen) EXPECT_EQ(times, 100) << c;
}

TEST(Random, LengthsAreExact) {
  for (const std::size_t length : {0u, 1u, 6u, 36u, 63u, 64u, 65u, 1000u}) {
    EXPECT_EQ(system_random().alphanumeric(length).size(), length);
    EXPECT_EQ(system_random().digits(length).size(), length);
    EXPECT_EQ(system_random().bytes(length).size(), length);
  }
}

TEST(Random, OnlyTheAlphabetAppears) {
  const std::string text = system_random().alphanumeric(5000);
  EXPECT_TRUE(std::ranges::all_of(text, [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  }));
  EXPECT_EQ(system_random().digits(500).find_first_not_of("0123456789"), std::string::npos);
}

TEST(Random, NothingRepeats) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(system_random().alphanumeric(22));
  EXPECT_EQ(seen.size(), 1000u);
}

}  // namespace
}  // namespace imp::crypto
