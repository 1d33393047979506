#include "blobs/journal.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include "blobs/file_store.h"
#include "blobs/journal_record.h"
#include "crypto/hash.h"
#include "db/temporary_directory.h"

namespace imp::blobs {
namespace {

namespace fs = std::filesystem;

std::string name_of(std::string_view bytes) { return hex(crypto::sha512(bytes_of(bytes))); }
std::string numbered(int n) { return "blob number " + std::to_string(n); }

TEST(JournalRecord, IsReadBackAndNeverInPart) {
  const std::string first = journal_record(name_of("one"), "one");
  const std::string both = first + journal_record(name_of(""), "");
  std::string_view rest = both;
  EXPECT_EQ(next_record(rest)->bytes, "one");
  EXPECT_EQ(next_record(rest)->bytes, "");
  EXPECT_FALSE(next_record(rest));
  for (std::size_t size = 0; size < first.size(); ++size) {
    std::string_view torn = std::string_view(first).substr(0, size);
    EXPECT_FALSE(next_record(torn)) << size;
  }
  for (std::size_t at = 0; at < first.size(); ++at) {
    std::string changed = first;
    changed[at] ^= 1;
    std::string_view text = changed;
    EXPECT_FALSE(next_record(text)) << at;
  }
  for (const char* size : {" 99999999999999999999999\n", " -1\n", " \n", "\n", " 3 \n", "3\n"}) {
    const std::string wrong = "blob " + name_of("one") + size + "one";
    std::string_view text = wrong;
    EXPECT_FALSE(next_record(text)) << size;
  }
}

struct CountingLog final : Log {
  void write(LogLevel level, std::string_view, std::initializer_list<Field>) override {
    if (level == LogLevel::error) ++errors;
  }
  std::atomic<int> errors = 0;
};

/// What a thread of the journal does at some time.
bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 2000 && !holds(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return holds();
}

class JournalTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open(std::uint64_t journal_limit = 1 << 20) {
    auto store = open_file_store({.root = root_, .journal_limit = journal_limit});
    EXPECT_TRUE(store) << store.error().detail;
    return store ? std::move(*store) : nullptr;
  }
  fs::path path_of(std::string_view bytes) const {
    const std::string name = name_of(bytes);
    return fs::path(root_) / "sha512" / name.substr(0, 2) / name.substr(2);
  }
  std::vector<fs::path> journals() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(root_ + "/journal")) found.push_back(entry);
    return found;
  }
  ino_t file_of(std::string_view bytes) const {
    struct stat info{};
    EXPECT_EQ(::stat(path_of(bytes).c_str(), &info), 0);
    return info.st_ino;
  }
  /// Stores the blobs in a process that ends as if it were killed.
  void store_and_die(const std::vector<std::string>& blobs) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto store = open_file_store({.root = root_});
      bool good = store.has_value();
      for (const std::string& bytes : blobs) good = good && put(**store, bytes_of(bytes));
      ::_exit(good ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }

  test::TemporaryDirectory directory_;
  const std::string root_ = directory_.file("blobs");
};

TEST_F(JournalTest, IsGoneAfterAnOrderlyEnd) {
  {
    const auto store = open();
    ASSERT_TRUE(put(*store, bytes_of(numbered(1))));
    EXPECT_EQ(journals().size(), 1u);
  }
  EXPECT_TRUE(journals().empty());
  EXPECT_TRUE(open()->verify(name_of(numbered(1))));
}

TEST_F(JournalTest, WhatWasRemovedIsNotThereAgainAfterAnOrderlyEnd) {
  {
    const auto store = open();
    ASSERT_TRUE(put(*store, bytes_of(numbered(1))));
    ASSERT_TRUE(put(*store, bytes_of(numbered(2))));
    ASSERT_TRUE(store->remove(name_of(numbered(1))));
  }
  const auto store = open();
  EXPECT_EQ(store->exists(name_of(numbered(1))), false);
  EXPECT_TRUE(store->verify(name_of(numbered(2))));
}

TEST_F(JournalTest, LargeBlobsDoNotGoThroughIt) {
  const auto store = open();
  ASSERT_TRUE(put(*store, bytes_of(std::string(64 * 1024, 'x'))));
  EXPECT_TRUE(journals().empty());
}

// What a power cut may do to files that were never synced.
TEST_F(JournalTest, WhatAPowerCutTookIsThereAgain) {
  const std::vector<std::string> blobs = {"", "whole", "absent", "empty", "zeros", "short", "long"};
  store_and_die(blobs);
  fs::remove(path_of(""));
  fs::remove(path_of("absent"));
  fs::resize_file(path_of("empty"), 0);
  std::ofstream(path_of("zeros"), std::ios::binary) << std::string(5, '\0');
  fs::resize_file(path_of("short"), 3);
  std::ofstream(path_of("long"), std::ios::app) << "er";
  const auto store = open();
  for (const std::string& bytes : blobs) EXPECT_TRUE(store->verify(name_of(bytes))) << bytes;
  EXPECT_TRUE(journals().empty());
}

TEST_F(JournalTest, ATornEndIsPassedOver) {
  const std::string first = "first", last = "the last one";
  store_and_die({first, last});
  const fs::path journal = journals().at(0);
  const std::uint64_t size = fs::file_size(journal);
  const fs::path kept = directory_.file("kept");
  fs::copy_file(journal, kept);
  for (std::uint64_t cut = 1; cut <= journal_record(name_of(last), last).size(); ++cut) {
    fs::remove(path_of(first));
    fs::remove(path_of(last));
    fs::copy_file(kept, journal, fs::copy_options::overwrite_existing);
    fs::resize_file(journal, size - cut);
    const auto store = open();
    EXPECT_TRUE(store->verify(name_of(first))) << cut;
    EXPECT_EQ(store->exists(name_of(last)), false) << cut;
  }
}

TEST_F(JournalTest, ADamagedFileIsRepairedFromTheLaterOfTwoPublishes) {
  {
    ASSERT_TRUE(put(*open(), bytes_of(numbered(1))));
  }
  store_and_die({numbered(1)});  // the same bytes, in a file that was not synced
  fs::resize_file(path_of(numbered(1)), 0);
  EXPECT_TRUE(open()->verify(name_of(numbered(1))));
}

TEST_F(JournalTest, IsNotTouchedWhileAnotherStoreIsOpen) {
  const auto store = open();
  ASSERT_TRUE(put(*store, bytes_of(numbered(1))));
  {
    const auto beside = open();
    EXPECT_EQ(journals().size(), 1u);
    ASSERT_TRUE(put(*beside, bytes_of(numbered(2))));
    EXPECT_EQ(journals().size(), 2u);
  }
  EXPECT_EQ(journals().size(), 1u);
}

TEST_F(JournalTest, ManyWritersShareItAndItStaysSmall) {
  const auto store = open(2000);
  std::vector<std::jthread> writers;
  for (int thread = 0; thread < 8; ++thread) {
    writers.emplace_back([&, thread] {
      for (int n = 0; n < 50; ++n) {
        EXPECT_TRUE(put(*store, bytes_of(numbered(thread * 50 + n))));
      }
    });
  }
  writers.clear();
  for (int n = 0; n < 400; ++n) EXPECT_TRUE(store->verify(name_of(numbered(n)))) << n;
  // Some 70 KB went through segments of 2 KB; all but the last are removed, sooner or later.
  eventually([&] { return journals().size() <= 1; });
  EXPECT_LE(journals().size(), 1u);
}

TEST_F(JournalTest, WhatCannotBeSettledStaysForTheNextStart) {
  CountingLog log;
  {
    std::atomic<bool> failing = false;
    const auto store =
        open_file_store({.root = root_,
                         // Whoever settles, the thread of the background or the stop, fails.
                         .before_step =
                             [&](Step step) {
                               const bool sync =
                                   step == Step::sync_file || step == Step::sync_file_system;
                               return failing && sync ? EIO : 0;
                             },
                         .log = log});
    ASSERT_TRUE(store);
    ASSERT_TRUE(put(**store, bytes_of(numbered(1))));
    failing = true;
    EXPECT_FALSE(put(**store, bytes_of(numbered(2))));
  }
  EXPECT_EQ(log.errors, 1);
  fs::remove(path_of(numbered(1)));
  EXPECT_TRUE(open()->verify(name_of(numbered(1))));
}

// The kernel tells of a failed write once. What was written before may be right in memory alone,
// and the next sync succeeds all the same.
TEST_F(JournalTest, AfterAFailedSyncWhatWasWrittenBeforeIsKeptForTheNextStart) {
  CountingLog log;
  int syncs = 0;  // all by one thread
  std::unique_ptr<Store> store;
  store = std::move(*open_file_store({.root = root_,
                                      .before_step =
                                          [&](Step step) {
                                            if (step != Step::sync_file_system) return 0;
                                            if (++syncs > 1) return 0;
                                            // Written before the sync has ended, in a segment of
                                            // its own.
                                            EXPECT_TRUE(put(*store, bytes_of(numbered(2))));
                                            return EIO;
                                          },
                                      .journal_limit = 1,
                                      .log = log}));
  ASSERT_TRUE(put(*store, bytes_of(numbered(1))));
  const auto doubted = [&] {
    return std::ranges::count_if(
        journals(), [](const fs::path& path) { return path.extension() == ".doubted"; });
  };
  EXPECT_TRUE(eventually([&] { return doubted() == 2; }));
  ASSERT_TRUE(put(*store, bytes_of(numbered(3))));  // the sync that succeeds
  EXPECT_TRUE(eventually([&] { return journals().size() == 2; }));
  store.reset();
  EXPECT_EQ(doubted(), 2);
  EXPECT_EQ(log.errors, 1);

  const ino_t first = file_of(numbered(1)), third = file_of(numbered(3));
  fs::remove(path_of(numbered(2)));
  store = open();
  EXPECT_TRUE(journals().empty());
  for (int n = 1; n <= 3; ++n) EXPECT_TRUE(store->verify(name_of(numbered(n)))) << n;
  // Though it reads as it should, it is not believed.
  EXPECT_NE(file_of(numbered(1)), first);
  EXPECT_EQ(file_of(numbered(3)), third);
}

TEST_F(JournalTest, AStopOrStartSyncsManyBlobsAtOnceAndFewOneByOne) {
  struct Row {
    int blobs, file_syncs, whole_syncs;
  };
  for (const Row& row : {Row{3, 3, 0}, Row{64, 64, 0}, Row{65, 0, 1}}) {
    std::atomic<int> files = 0, whole = 0;
    const auto counted = [&](Step step) {
      if (step == Step::sync_file) ++files;
      if (step == Step::sync_file_system) ++whole;
      return 0;
    };
    std::vector<std::string> blobs;
    blobs.reserve(static_cast<std::size_t>(row.blobs));
    for (int n = 0; n < row.blobs; ++n) blobs.push_back(numbered(n));
    store_and_die(blobs);
    fs::remove(path_of(numbered(1)));
    auto store = *open_file_store({.root = root_, .before_step = counted});
    EXPECT_EQ(files, row.file_syncs) << row.blobs;
    EXPECT_EQ(whole, row.whole_syncs) << row.blobs;
    EXPECT_TRUE(journals().empty());
    for (const std::string& bytes : blobs) {
      EXPECT_TRUE(store->verify(name_of(bytes))) << bytes;
      EXPECT_TRUE(put(*store, bytes_of(bytes)));
    }
    files = whole = 0;
    store.reset();
    EXPECT_EQ(files, row.file_syncs) << row.blobs;
    EXPECT_EQ(whole, row.whole_syncs) << row.blobs;
    EXPECT_TRUE(journals().empty());
  }
}

/// A blob that is left to somebody to make durable.
Result<PlacedBlob> placed(Store& store, std::string_view bytes) {
  auto writer = store.begin();
  if (!writer) return pass_on(writer);
  if (const auto written = (*writer)->write(bytes_of(bytes)); !written) return pass_on(written);
  return (*writer)->place();
}

TEST_F(JournalTest, OneSyncMakesAllDurableThatWerePlacedBefore) {
  int syncs = 0;
  const auto store = open_file_store({.root = root_, .before_step = [&](Step step) {
                                        syncs += step == Step::sync_file;
                                        return 0;
                                      }});
  ASSERT_TRUE(store);
  std::vector<PlacedBlob> blobs;
  for (int n = 0; n < 3; ++n) blobs.push_back(*placed(**store, numbered(n)));
  EXPECT_EQ(syncs, 0);
  for (int n = 0; n < 3; ++n) EXPECT_TRUE((*store)->verify(name_of(numbered(n))));
  EXPECT_TRUE(blobs[1].make_durable());
  EXPECT_EQ(syncs, 1);
  for (const PlacedBlob& blob : blobs) EXPECT_TRUE(blob.make_durable());
  EXPECT_EQ(syncs, 1);
  // The journal has them all, so none is lost with its file.
  std::ifstream file(journals().at(0), std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(text.contains(numbered(n))) << n;
}

TEST_F(JournalTest, WhatNobodyMakesDurableIsNotWritten) {
  const auto store = open();
  {
    ASSERT_TRUE(placed(*store, numbered(1)));
  }
  EXPECT_TRUE(journals().empty());
  ASSERT_TRUE(put(*store, bytes_of(numbered(2))));
  std::ifstream file(journals().at(0), std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}),
            journal_record(name_of(numbered(2)), numbered(2)));
}

// Somebody may rely on the file that stands there already.
TEST_F(JournalTest, ADurableBlobGivesWayOnlyToADurableOne) {
  std::vector<Step> steps;
  const auto store = open_file_store({.root = root_, .before_step = [&](Step step) {
                                        steps.push_back(step);
                                        return 0;
                                      }});
  ASSERT_TRUE(store);
  ASSERT_TRUE(put(**store, bytes_of(numbered(1))));
  const ino_t before = file_of(numbered(1));
  steps.clear();
  const auto again = placed(**store, numbered(1));
  ASSERT_TRUE(again);
  EXPECT_NE(file_of(numbered(1)), before);
  const auto synced = std::ranges::find(steps, Step::sync_file);
  ASSERT_NE(synced, steps.end());
  EXPECT_EQ(steps.back(), Step::rename);
  EXPECT_TRUE(again->make_durable());
}

TEST_F(JournalTest, ABlobWhoseSyncFailedIsNeverDurable) {
  std::atomic<bool> failing = true;  // asked by the background as well
  const auto store = open_file_store({.root = root_, .before_step = [&](Step step) {
                                        return failing && step == Step::sync_file ? EIO : 0;
                                      }});
  ASSERT_TRUE(store);
  const auto first = placed(**store, numbered(1));
  const auto second = placed(**store, numbered(2));
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(first->make_durable());
  failing = false;
  EXPECT_FALSE(first->make_durable());
  EXPECT_FALSE(second->make_durable());  // it was in the same sync
  EXPECT_TRUE(put(**store, bytes_of(numbered(2))));
}

TEST_F(JournalTest, ARecordKeepsItsSegmentUntilItIsLetGo) {
  fs::create_directories(root_ + "/journal");
  const auto directory =
      std::make_shared<const Directory>(std::move(*Directory::open({.root = root_})));
  const auto journal = std::make_shared<Journal>(directory, 1, null_log());
  auto held = journal->append(name_of("held"), "held");
  ASSERT_TRUE(held.sync());
  ASSERT_TRUE(journal->append(name_of("next"), "next").sync());  // its own segment, and let go
  eventually([&] { return journals().size() <= 1; });
  ASSERT_EQ(journals().size(), 1u);
  std::ifstream file(journals().at(0), std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}),
            journal_record(name_of("held"), "held"));
}

}  // namespace
}  // namespace imp::blobs
