#include "app/data_lock.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

namespace imp::app {
namespace {

class DataLockTest : public ::testing::Test {
 protected:
  static std::string new_directory() {
    std::string pattern = std::filesystem::temp_directory_path() / "imp-lock-XXXXXX";
    return mkdtemp(pattern.data());
  }
  ~DataLockTest() override { std::filesystem::remove_all(directory_); }

  const std::string directory_ = new_directory();
};

TEST_F(DataLockTest, ASecondServerIsRefusedUntilTheFirstHasEnded) {
  {
    const auto first = DataLock::take(directory_);
    ASSERT_TRUE(first) << first.error().message;
    const auto second = DataLock::take(directory_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), "data_in_use");
    EXPECT_NE(second.error().message.find(directory_), std::string::npos);
  }
  EXPECT_TRUE(DataLock::take(directory_));
}

// A server that was killed leaves the file behind, and nothing that has to be cleaned up.
TEST_F(DataLockTest, AKilledServerHoldsNothing) {
  const pid_t child = fork();
  if (child == 0) {
    const auto held = DataLock::take(directory_);
    _exit(held ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  EXPECT_TRUE(DataLock::take(directory_));
}

// The runner, git and npm are started from the server; one that outlives it must not keep the next
// server from starting.
TEST_F(DataLockTest, ProgramsThatTheServerStartedDoNotHoldIt) {
  pid_t child = -1;
  {
    const auto first = DataLock::take(directory_);
    ASSERT_TRUE(first);
    child = fork();
    if (child == 0) {
      execl("/bin/sleep", "sleep", "30", nullptr);
      _exit(127);
    }
    // Until the child is another program it still has everything open.
    std::error_code error;
    while (std::filesystem::read_symlink("/proc/" + std::to_string(child) + "/exe", error) ==
           std::filesystem::read_symlink("/proc/self/exe", error)) {
      usleep(1000);
    }
  }
  EXPECT_TRUE(DataLock::take(directory_));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST_F(DataLockTest, MakesTheDirectoryAndSaysWhenItCannot) {
  EXPECT_TRUE(DataLock::take(directory_ + "/new/data"));
  const auto impossible = DataLock::take("/proc/nothing/here");
  ASSERT_FALSE(impossible);
  EXPECT_EQ(impossible.error().code(), "no_data");
}

}  // namespace
}  // namespace imp::app
