#include "base/descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace imp {
namespace {

int open_null() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int number) { return ::fcntl(number, F_GETFD) >= 0; }

TEST(Descriptor, IsClosedOnceAndAtOnce) {
  const int first = open_null(), second = open_null();
  {
    Descriptor held(first);
    Descriptor other(second);
    held = std::move(other);
    EXPECT_FALSE(is_open(first));  // not when `other` ends: a lock may hang on it
    EXPECT_EQ(held.get(), second);
    EXPECT_FALSE(other);
    Descriptor& itself = held;
    held = std::move(itself);
    EXPECT_TRUE(is_open(second));
  }
  EXPECT_FALSE(is_open(second));
}

TEST(Descriptor, IsSharedUntilTheLastCopyEnds) {
  const int number = open_null();
  std::shared_ptr<const int> shared;
  {
    Descriptor held(number);
    shared = std::move(held).share();
  }
  const std::shared_ptr<const int> copy = shared;
  shared.reset();
  EXPECT_EQ(*copy, number);
  EXPECT_TRUE(is_open(number));
}

}  // namespace
}  // namespace imp
