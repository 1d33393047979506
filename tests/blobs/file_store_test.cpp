#include "blobs/file_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <mutex>
#include <thread>

#include "crypto/hash.h"
#include "db/temporary_directory.h"

namespace imp::blobs {
namespace {

using testing::HasSubstr;

constexpr std::string_view kOld = "stored before";
const std::string kNew(200'000, 'n');  // several writes, synced by itself
const std::string kSmall(4'000, 's');  // durable in the journal

std::string name_of(std::string_view bytes) { return hex(crypto::sha512(bytes_of(bytes))); }

class FileStoreTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open(std::function<int(Step)> before_step = {}) {
    auto store = open_file_store({.root = root_, .before_step = std::move(before_step)});
    EXPECT_TRUE(store) << store.error().detail;
    return store ? std::move(*store) : nullptr;
  }
  std::string path_of(std::string_view bytes) const {
    const std::string name = name_of(bytes);
    return root_ + "/sha512/" + name.substr(0, 2) + "/" + name.substr(2);
  }
  std::size_t temporary_files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(root_ + "/tmp")) {
      count += entry.exists();
    }
    return count;
  }

  test::TemporaryDirectory directory_;
  const std::string root_ = directory_.file("deep/blobs");
};

TEST_F(FileStoreTest, KeepsEachBlobInAPrivateFileNamedByItsHash) {
  const auto store = open();
  ASSERT_TRUE(put(*store, bytes_of(kOld)));
  struct stat info{};
  ASSERT_EQ(::stat(path_of(kOld).c_str(), &info), 0);
  EXPECT_EQ(info.st_size, static_cast<off_t>(kOld.size()));
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat((root_ + "/sha512").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(FileStoreTest, BlobsAreThereWhenItIsOpenedAgain) {
  ASSERT_TRUE(put(*open(), bytes_of(kOld)));
  EXPECT_EQ(read_all(*open(), name_of(kOld), 100), kOld);
}

TEST_F(FileStoreTest, VerifyFindsEveryKindOfDamage) {
  const auto store = open();
  const auto damaged = [&](auto damage) {
    EXPECT_TRUE(put(*store, bytes_of(kNew)));
    EXPECT_TRUE(store->verify(name_of(kNew)));
    damage();
    const auto verified = store->verify(name_of(kNew));
    return verified ? "" : std::string(verified.error().code());
  };
  EXPECT_EQ(damaged([&] {
              std::fstream file(path_of(kNew), std::ios::in | std::ios::out | std::ios::binary);
              file.seekp(150'000).put('m');
            }),
            "blob_corrupt");
  EXPECT_EQ(damaged([&] { std::filesystem::resize_file(path_of(kNew), 199'999); }), "blob_corrupt");
  EXPECT_EQ(damaged([&] { std::filesystem::resize_file(path_of(kNew), 0); }), "blob_corrupt");
  EXPECT_EQ(damaged([&] { std::ofstream(path_of(kNew), std::ios::app) << "x"; }), "blob_corrupt");
  EXPECT_EQ(damaged([&] { std::filesystem::remove(path_of(kNew)); }), "blob_absent");
}

TEST_F(FileStoreTest, StoringTheSameBytesAgainRepairsADamagedBlob) {
  const auto store = open();
  ASSERT_TRUE(put(*store, bytes_of(kOld)));
  std::ofstream(path_of(kOld)) << "damaged";
  ASSERT_FALSE(store->verify(name_of(kOld)));
  ASSERT_TRUE(put(*store, bytes_of(kOld)));
  EXPECT_TRUE(store->verify(name_of(kOld)));
}

// A publish that stores an old blob again, while it is being removed for its age, has it
// afterwards.
TEST_F(FileStoreTest, WhatIsStoredAgainWhileItIsRemovedForItsAgeStays) {
  const auto old = std::chrono::file_clock::now() - std::chrono::hours(48);
  for (const std::string* bytes : {&kNew, &kSmall}) {
    std::unique_ptr<Store> store = open();
    for (int round = 0; round < 200; ++round) {
      ASSERT_TRUE(put(*store, bytes_of(*bytes)));
      std::filesystem::last_write_time(path_of(*bytes), old);
      const Time before = SystemClock().now() - std::chrono::hours(24);
      std::jthread sweeping(
          [&] { EXPECT_TRUE(store->remove_stored_before(name_of(*bytes), before)); });
      ASSERT_TRUE(put(*store, bytes_of(*bytes)));
      sweeping.join();
      ASSERT_EQ(store->exists(name_of(*bytes)), true) << "round " << round;
    }
  }
}

// Whoever can write to the directory must not make the server read files elsewhere.
TEST_F(FileStoreTest, DoesNotFollowALinkInThePlaceOfABlob) {
  const auto store = open();
  std::ofstream(directory_.file("secret")) << "secret";
  std::filesystem::create_symlink(directory_.file("secret"), path_of(kOld));
  EXPECT_EQ(store->open(name_of(kOld)).error().code(), "blob_store_broken");
  EXPECT_EQ(store->exists(name_of(kOld)), false);
}

TEST_F(FileStoreTest, ADirectoryInThePlaceOfABlobIsNoBlob) {
  const auto store = open();
  std::filesystem::create_directory(path_of(kOld));
  EXPECT_FALSE(store->open(name_of(kOld)));
  EXPECT_EQ(store->exists(name_of(kOld)), false);
  EXPECT_FALSE(put(*store, bytes_of(kOld)));
  EXPECT_EQ(temporary_files(), 0u);
}

TEST_F(FileStoreTest, EnumerationPassesOverForeignFiles) {
  const auto store = open();
  ASSERT_TRUE(put(*store, bytes_of(kOld)));
  std::ofstream(root_ + "/sha512/ab/README") << "x";
  std::ofstream(root_ + "/sha512/ab/" + std::string(126, 'A')) << "x";
  std::vector<std::string> found;
  ASSERT_TRUE(store->each([&](const Blob& blob) { found.push_back(blob.sha512); }));
  EXPECT_EQ(found, std::vector{name_of(kOld)});
}

TEST_F(FileStoreTest, OpeningRemovesStaleFilesButNotThoseOfAStoreInUse) {
  {
    const auto store = open();
    auto writer = store->begin();
    ASSERT_TRUE((*writer)->write(bytes_of(kNew)));
    const auto second = open();  // as a command beside the running server does
    EXPECT_EQ(temporary_files(), 1u);
    EXPECT_TRUE((*writer)->finish());
    EXPECT_TRUE(second->verify(name_of(kNew)));
    std::ofstream(root_ + "/tmp/stale") << "left by a crash";
  }
  EXPECT_EQ(temporary_files(), 1u);
  const auto store = open();
  EXPECT_EQ(temporary_files(), 0u);
}

TEST_F(FileStoreTest, SaysWhyItCannotOpen) {
  std::ofstream(directory_.file("file")) << "x";
  for (const std::string& root : {directory_.file("file"), directory_.file("file/below")}) {
    const auto store = open_file_store({.root = root});
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code(), "blob_store_broken");
    EXPECT_THAT(store.error().detail, HasSubstr(directory_.file("file")));
  }
}

class FileStoreFailureTest : public FileStoreTest,
                             public testing::WithParamInterface<const std::string*> {};
INSTANTIATE_TEST_SUITE_P(Sizes, FileStoreFailureTest, testing::Values(&kNew, &kSmall));

// Every step of storing a blob fails once, with a full disk and with an I/O error.
TEST_P(FileStoreFailureTest, AFailureAtAnyStepLeavesNothingAndTheNextTrySucceeds) {
  const std::string& bytes = *GetParam();
  ASSERT_TRUE(put(*open(), bytes_of(kOld)));
  for (const int error : {ENOSPC, EIO}) {
    int failed_steps = 0;
    for (int n = 1;; ++n) {
      std::mutex mutex;  // a journal is settled on a thread of its own
      int step_number = 0;
      bool armed = false;
      std::optional<Step> failed;
      const auto store = open([&](Step step) {
        const std::lock_guard lock(mutex);
        if (!armed || failed || ++step_number != n) return 0;
        failed = step;
        return error;
      });
      const auto arm = [&](bool on) {
        const std::lock_guard lock(mutex);
        armed = on;
        return failed.has_value();
      };
      arm(true);
      const auto blob = put(*store, bytes_of(bytes));
      if (!arm(false)) {
        EXPECT_TRUE(store->remove(name_of(bytes)));
        break;
      }
      ++failed_steps;
      ASSERT_FALSE(blob) << n;
      EXPECT_EQ(blob.error().code(), "blob_store_broken");
      EXPECT_FALSE(blob.error().detail.empty());
      EXPECT_EQ(blob.error().message.find(root_), std::string::npos);
      EXPECT_EQ(temporary_files(), 0u) << n;
      // After the rename only the directory's sync is missing; the name may stay.
      if (*failed != Step::sync_directory) EXPECT_EQ(store->exists(name_of(bytes)), false) << n;
      EXPECT_TRUE(put(*store, bytes_of(bytes)));
      EXPECT_TRUE(store->verify(name_of(bytes)));
      EXPECT_TRUE(store->verify(name_of(kOld)));
      EXPECT_TRUE(store->remove(name_of(bytes)));
    }
    EXPECT_GE(failed_steps, 5);
  }
}

TEST_F(FileStoreTest, AWriterThatFailedOnceNeverFinishes) {
  bool fail = false;
  const auto store = open([&](Step step) { return fail && step == Step::write ? EIO : 0; });
  auto writer = store->begin();
  fail = true;
  EXPECT_FALSE((*writer)->write(bytes_of(kNew)));
  fail = false;
  EXPECT_FALSE((*writer)->write(bytes_of(kNew)));
  EXPECT_FALSE((*writer)->finish());
  writer->reset();
  EXPECT_EQ(temporary_files(), 0u);
}

TEST_F(FileStoreTest, ErrorsOfReadingArePassedOn) {
  std::optional<Step> failing;
  const auto store = open([&](Step step) { return step == failing ? EIO : 0; });
  ASSERT_TRUE(put(*store, bytes_of(kOld)));
  failing = Step::read;
  EXPECT_EQ(store->verify(name_of(kOld)).error().code(), "blob_store_broken");
  failing = Step::open;
  EXPECT_EQ(store->open(name_of(kOld)).error().code(), "blob_store_broken");
  EXPECT_EQ(store->exists(name_of(kOld)).error().code(), "blob_store_broken");
  EXPECT_EQ(store->each([](const Blob&) {}).error().code(), "blob_store_broken");
  failing = Step::remove;
  EXPECT_EQ(store->remove(name_of(kOld)).error().code(), "blob_store_broken");
}

class FileStoreKillTest : public FileStoreTest {
 protected:
  enum class Ending { killed, acknowledged };

  /// Opens the store in a child and stores the bytes; the child is killed just before its n-th
  /// step.
  Ending store_and_kill_at(int n, const std::string& bytes = kNew) {
    const pid_t child = ::fork();
    if (child == 0) {
      int steps = 0;
      const auto store = open_file_store({.root = root_, .before_step = [&](Step) {
                                            if (++steps == n) ::kill(::getpid(), SIGKILL);
                                            return 0;
                                          }});
      ::_exit(store && put(**store, bytes_of(bytes)) ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) return Ending::killed;
    EXPECT_EQ(WEXITSTATUS(status), 0) << "step " << n;
    return Ending::acknowledged;
  }

  void expect_whole_or_absent(int n, const std::string& bytes = kNew) {
    const auto store = open();
    EXPECT_EQ(temporary_files(), 0u) << "step " << n;
    if (*store->exists(name_of(bytes))) {
      EXPECT_TRUE(store->verify(name_of(bytes))) << "step " << n;
    }
    EXPECT_TRUE(put(*store, bytes_of(bytes))) << "step " << n;
    EXPECT_TRUE(store->verify(name_of(bytes))) << "step " << n;
  }
};

TEST_F(FileStoreKillTest, AKillBeforeAnyStepOfStoringLeavesTheBlobWholeOrAbsent) {
  {
    const auto store = open();
    ASSERT_TRUE(put(*store, bytes_of(kOld)));
  }
  for (const std::string* bytes : {&kNew, &kSmall}) {
    // In a store that exists, the first 259 steps only look for the directories.
    int kills = 0;
    for (int n = 255; store_and_kill_at(n, *bytes) == Ending::killed; ++n) {
      ++kills;
      expect_whole_or_absent(n, *bytes);
      const auto store = open();
      EXPECT_TRUE(store->verify(name_of(kOld)));
      EXPECT_TRUE(store->remove(name_of(*bytes)));
    }
    EXPECT_GE(kills, 9);
    EXPECT_TRUE(open()->verify(name_of(*bytes)));
  }
}

TEST_F(FileStoreKillTest, AKillWhileTheDirectoriesAreMadeIsRepairedByTheNextOpening) {
  for (const int n : {1, 2, 3, 100, 259, 260, 261, 262}) {
    std::filesystem::remove_all(root_);
    ASSERT_EQ(store_and_kill_at(n), Ending::killed);
    expect_whole_or_absent(n);
  }
}

}  // namespace
}  // namespace imp::blobs
