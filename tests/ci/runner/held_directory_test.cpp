#include "ci/runner/held_directory.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "ci/runner/support.h"

namespace imp::ci::runner {
namespace {

namespace fs = std::filesystem;

TEST(HeldDirectory, IsItsMakersUntilItIsLetGo) {
  const test::TemporaryDirectory parent;
  std::error_code error;
  {
    const auto made = make_held(parent.path(), "draft-", error);
    ASSERT_TRUE(made) << error.message();
    EXPECT_TRUE(made->path.starts_with(parent.path() + "/draft-"));
    EXPECT_FALSE(hold(made->path));
    EXPECT_EQ(sweep(parent.path()), 0U);
    EXPECT_TRUE(fs::is_directory(made->path));
  }
  EXPECT_EQ(sweep(parent.path()), 1U);
}

TEST(HeldDirectory, SaysWhyThereIsNone) {
  const test::TemporaryDirectory parent;
  std::error_code error;
  EXPECT_FALSE(make_held(parent.path() + "/nothing", "draft-", error));
  EXPECT_EQ(error, std::errc::no_such_file_or_directory);
}

// Another runner may sweep at any moment, also between the making and the holding.
TEST(HeldDirectory, IsThereWhoeverSweeps) {
  const test::TemporaryDirectory parent;
  std::atomic<bool> enough = false;
  const std::jthread sweeper([&] {
    while (!enough) sweep(parent.path(), "draft-");
  });
  for (int i = 0; i < 200; ++i) {
    std::error_code error;
    const auto made = make_held(parent.path(), "draft-", error);
    if (!made) {  // Swept each time: that is said, too.
      EXPECT_EQ(error, std::errc::resource_unavailable_try_again);
      continue;
    }
    std::this_thread::yield();
    EXPECT_TRUE(fs::is_directory(made->path));
  }
  enough = true;
}

}  // namespace
}  // namespace imp::ci::runner
