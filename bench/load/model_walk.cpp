// The model test of tests/registry/model for as many operations as are asked for: walks of 500
// operations, each over a registry of its own. Prints how many were made and how fast; the first
// difference ends it with exit code 1.
//   model_walk OPERATIONS [SEED]

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>

#include "registry/model/walk.h"

namespace {

constexpr std::uint64_t kMost = 10'000'000;
constexpr std::uint64_t kEach = 500;       // then most version numbers are taken
constexpr std::uint64_t kTellEvery = 200;  // walks

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t operations = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 0;
  std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  if (operations == 0 || operations > kMost) {
    fmt::print(stderr, "usage: model_walk OPERATIONS [SEED], at most {} operations\n", kMost);
    return 2;
  }
  const auto start = std::chrono::steady_clock::now();
  const auto rate = [&](std::uint64_t done) {
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    return static_cast<double>(done) / spent.count();
  };
  std::uint64_t done = 0;
  for (; done < operations; ++seed) {
    imp::registry::model::Walk walk(seed);
    for (std::uint64_t step = 0; step < kEach && done < operations; ++step, ++done) {
      if (walk.step()) continue;
      fmt::print(stderr, "{}\n", walk.complaint());
      return 1;
    }
    if (seed % kTellEvery == 0) fmt::print(stderr, "  {} operations, seed {}\n", done, seed);
  }
  fmt::print(
      "{} operations of the exchange and of staging, up to seed {}: the registry is what the "
      "model says ({:.0f} a second)\n",
      done, seed - 1, rate(done));
  return 0;
}
