#include "app/housekeeping.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace imp::app {
namespace {

TEST(Housekeeping, GoesOnAfterARoundThatThrew) {
  std::atomic<int> rounds = 0;
  {
    Housekeeping housekeeping(
        Milliseconds(1),
        [&] {
          ++rounds;
          throw std::runtime_error("a broken row");
        },
        null_log());
    while (rounds < 3) std::this_thread::yield();
  }
  EXPECT_GT(rounds, 3);  // and once more at the end
}

}  // namespace
}  // namespace imp::app
