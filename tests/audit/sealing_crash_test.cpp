#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <thread>

#include "audit/open_tree.h"

namespace imp::audit {
namespace {

/// Appends and seals as fast as it can, and reports each checkpoint that was signed. Never returns.
[[noreturn]] void seal_until_killed(const std::string& path, int report) {
  OpenTree tree(path);
  // Before anything is reported, so that the tree has grown however early the kill comes.
  if (!append_alone(*tree.store, sample(0))) ::_exit(1);
  std::jthread appending([&] {
    for (int number = 1;; ++number) {
      if (!append_alone(*tree.store, sample(number))) ::_exit(1);
    }
  });
  while (true) {
    if (!tree.log.seal()) ::_exit(1);
    const auto state = tree.log.checkpoint();
    if (!state) continue;
    // Notes are shorter than what a pipe takes in one piece.
    const std::string& note = state->checkpoint;
    if (::write(report, note.data(), note.size()) != std::ssize(note)) ::_exit(1);
  }
}

/// The last checkpoint that a child reported before it was killed; empty when it got none out.
std::string last_checkpoint_before_kill(const std::string& path,
                                        std::chrono::microseconds after_first) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    seal_until_killed(path, ends[1]);
  }
  ::close(ends[1]);
  std::string all;
  char buffer[4096];
  const auto more = [&] {
    const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
    if (got > 0) all.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  };
  more();
  std::this_thread::sleep_for(after_first);
  ::kill(child, SIGKILL);
  while (more()) continue;
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
  const std::size_t begin = all.rfind(std::string(kOrigin) + "\n");
  return begin == std::string::npos ? "" : all.substr(begin);
}

TEST(SealingCrash, AfterAKillTheTreeGoesOnWithEveryCheckpointThatWasSigned) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("store.db");
  std::mt19937 random(20261125);
  std::uniform_int_distribution<int> microseconds(0, 80'000);
  std::vector<Remembered> remembered;
  std::int64_t size = 0;
  for (int round = 0; round < 8; ++round) {
    const std::string note =
        last_checkpoint_before_kill(path, std::chrono::microseconds(microseconds(random)));
    OpenTree tree(path);
    const auto noted = tlog::open_checkpoint(note, tree.trusted());
    ASSERT_TRUE(noted) << noted.error().message << "\n" << note;
    remembered.push_back({"round " + std::to_string(round), noted->checkpoint});

    // As the kill left it, and once what was not sealed is.
    for (int pass = 0; pass < 2; ++pass) {
      const LogReport report = tree.verified(remembered);
      ASSERT_TRUE(report.intact())
          << (report.finding ? report.finding->text : report.chain.finding->text);
      ASSERT_TRUE(tree.log.seal_all());
    }
    const auto state = tree.log.checkpoint();
    EXPECT_EQ(state->size, db::number(*tree.store, "SELECT records FROM audit_head"));
    EXPECT_GT(state->size, size);
    size = state->size;
  }
}

}  // namespace
}  // namespace imp::audit
