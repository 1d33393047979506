#include "app/runner_keeper.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace imp::app {
namespace {

/// Runners that are shell scripts: what they write is in the file `said`.
class RunnerKeeperTest : public ::testing::Test {
 protected:
  RunnerKeeperTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "imp-keeper-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    times_ = {.first_pause = Milliseconds(1),
              .longest_pause = Milliseconds(2),
              .lasting = std::chrono::hours(1),
              .patience = std::chrono::seconds(20)};
  }
  ~RunnerKeeperTest() override { std::filesystem::remove_all(directory_); }

  std::string said() const {
    std::ifstream file(directory_ + "/said");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  RunnerKeeper::Prepare script(const std::string& text) {
    return [this, text]() -> Result<RunnerCommand> {
      const std::string number = std::to_string(++starts_);
      return RunnerCommand{{"/bin/sh", "-c", "cd " + directory_ + "; " + text}, "token-" + number};
    };
  }
  static bool eventually(const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(Milliseconds(2));
    }
    return true;
  }

  std::string directory_;
  std::atomic<int> starts_{0};
  std::atomic<RunnerState> state_{RunnerState::none};
  Metrics metrics_;
  RunnerKeeper::Times times_;
};

TEST_F(RunnerKeeperTest, OneThatEndsIsStartedAgainWithATokenOfItsOwn) {
  RunnerKeeper keeper(script("read token; echo $token >> said; kill -9 $$"), state_, null_log(),
                      metrics_, times_);
  EXPECT_TRUE(eventually([&] { return said().contains("token-1\ntoken-2\ntoken-3\n"); })) << said();
  EXPECT_NE(metrics_.exposition().find("imprimatur_runner_starts_total"), std::string::npos);
}

// A runner that can never work must not be started a thousand times a second.
TEST_F(RunnerKeeperTest, TheStateTellsOfAPauseBetweenStarts) {
  times_.first_pause = times_.longest_pause = std::chrono::hours(1);
  RunnerKeeper keeper(script("exit 1"), state_, null_log(), metrics_, times_);
  EXPECT_TRUE(eventually([&] { return state_ == RunnerState::restarting; }));
  EXPECT_EQ(starts_, 1);
}  // Its end does not wait for the pause.

TEST_F(RunnerKeeperTest, OneThatCannotBeStartedIsTriedAgain) {
  bool failed = false;
  const auto works = script("echo up > said; exec sleep 1000");
  RunnerKeeper keeper(
      [&]() -> Result<RunnerCommand> {
        if (std::exchange(failed, true)) return works();
        return std::unexpected(Failure{{"store", FailureKind::internal}, "no token", ""});
      },
      state_, null_log(), metrics_, times_);
  EXPECT_TRUE(eventually([&] { return said() == "up\n"; }));
  // The child may be faster than the keeper, which has still to say so.
  EXPECT_TRUE(eventually([&] { return state_ == RunnerState::running; }));
}

TEST_F(RunnerKeeperTest, AnExceptionIsAFailureLikeAnyOther) {
  bool failed = false;
  const auto works = script("echo up > said; exec sleep 1000");
  RunnerKeeper keeper(
      [&]() -> Result<RunnerCommand> {
        if (std::exchange(failed, true)) return works();
        throw std::runtime_error("the store is gone");
      },
      state_, null_log(), metrics_, times_);
  EXPECT_TRUE(eventually([&] { return said() == "up\n"; }));
}

TEST_F(RunnerKeeperTest, AStoppedOneMayEndItsWorkFirst) {
  {
    RunnerKeeper keeper(script("trap 'echo farewell >> said; exit 0' TERM; echo up >> said; "
                               "while :; do sleep 0.01; done"),
                        state_, null_log(), metrics_, times_);
    ASSERT_TRUE(eventually([&] { return said() == "up\n"; }));
  }
  EXPECT_EQ(said(), "up\nfarewell\n");
  EXPECT_EQ(starts_, 1);
}

TEST_F(RunnerKeeperTest, OneThatDoesNotEndIsKilled) {
  times_.patience = Milliseconds(50);
  RunnerKeeper keeper(script("trap '' TERM; echo up > said; while :; do sleep 0.01; done"), state_,
                      null_log(), metrics_, times_);
  ASSERT_TRUE(eventually([&] { return said() == "up\n"; }));
}  // Or this would not come back.

}  // namespace
}  // namespace imp::app
