#include "blobs/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <thread>

#include "blobs/file_store.h"
#include "blobs/memory_store.h"
#include "crypto/hash.h"
#include "db/temporary_directory.h"

namespace imp::blobs {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

std::string name_of(std::string_view bytes) { return hex(crypto::sha512(bytes_of(bytes))); }

std::string random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

/// What every store promises, whatever is below it.
class StoreTest : public testing::TestWithParam<const char*> {
 protected:
  StoreTest() {
    if (std::string(GetParam()) == "memory") {
      store_ = std::make_unique<MemoryStore>();
    } else {
      store_ = std::move(*open_file_store({.root = directory_.file("blobs")}));
    }
  }
  std::string stored(std::string_view bytes) {
    const auto blob = put(*store_, bytes_of(bytes));
    EXPECT_TRUE(blob) << blob.error().detail;
    return blob ? blob->sha512 : "";
  }
  std::vector<std::string> names() {
    std::vector<std::string> found;
    EXPECT_TRUE(store_->each([&](const Blob& blob) { found.push_back(blob.sha512); }));
    return found;
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};
INSTANTIATE_TEST_SUITE_P(Stores, StoreTest, testing::Values("file", "memory"));

TEST_P(StoreTest, GivesBackWhatWasStored) {
  for (const std::size_t size : {0, 1, 127, 65'535, 65'536, 65'537, 3'000'000}) {
    const std::string bytes = random_bytes(size, 1);
    const auto blob = put(*store_, bytes_of(bytes));
    ASSERT_TRUE(blob);
    EXPECT_EQ(blob->sha512, name_of(bytes));
    EXPECT_EQ(blob->size, size);
    EXPECT_EQ(read_all(*store_, blob->sha512, size), bytes);
    EXPECT_EQ(store_->exists(blob->sha512), true);
    EXPECT_EQ(store_->verify(blob->sha512)->size, size);
    EXPECT_EQ(store_->open(blob->sha512)->size, size);
  }
}

TEST_P(StoreTest, TakesPiecesOfAnySize) {
  const std::string bytes = random_bytes(400'000, 2);
  auto writer = store_->begin();
  ASSERT_TRUE(writer);
  std::size_t at = 0;
  for (std::size_t piece = 0; at < bytes.size(); piece = piece * 2 + 1) {
    const std::string_view part = std::string_view(bytes).substr(at, piece);
    ASSERT_TRUE((*writer)->write(bytes_of(part)));
    at += part.size();
  }
  EXPECT_EQ((*writer)->finish()->sha512, name_of(bytes));
  EXPECT_EQ(read_all(*store_, name_of(bytes), bytes.size()), bytes);
}

TEST_P(StoreTest, AnUnfinishedWriterLeavesNothing) {
  {
    auto writer = store_->begin();
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->write(bytes_of(random_bytes(200'000, 3))));
  }
  EXPECT_TRUE(names().empty());
  std::error_code ignored;
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path() / "blobs/tmp", ignored) || ignored);
}

TEST_P(StoreTest, AFinishedWriterTakesNoMore) {
  auto writer = store_->begin();
  ASSERT_TRUE((*writer)->finish());
  EXPECT_FALSE((*writer)->write(bytes_of("x")));
  EXPECT_FALSE((*writer)->finish());
  EXPECT_THAT(names(), ElementsAreArray({name_of("")}));
}

TEST_P(StoreTest, APlacedBlobCanBeReadAndBecomesDurable) {
  for (const std::string& bytes :
       {std::string(), random_bytes(5'000, 4), random_bytes(200'000, 5)}) {
    auto writer = store_->begin();
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->write(bytes_of(bytes)));
    const auto placed = (*writer)->place();
    ASSERT_TRUE(placed);
    EXPECT_EQ(placed->blob.sha512, name_of(bytes));
    EXPECT_EQ(placed->blob.size, bytes.size());
    EXPECT_TRUE(placed->bytes.empty() || placed->bytes == bytes);
    EXPECT_EQ(read_all(*store_, placed->blob.sha512, bytes.size()), bytes);
    EXPECT_TRUE(placed->make_durable());
    EXPECT_TRUE(placed->make_durable());
    EXPECT_FALSE((*writer)->finish());
    EXPECT_FALSE((*writer)->place());
  }
}

TEST_P(StoreTest, TheSameBytesTwiceAreOneBlob) {
  EXPECT_EQ(stored("same"), stored("same"));
  EXPECT_EQ(names().size(), 1u);
}

TEST_P(StoreTest, TellsWhatIsAbsent) {
  const std::string name = name_of("never stored");
  EXPECT_EQ(store_->exists(name), false);
  EXPECT_EQ(store_->open(name).error().code(), "blob_absent");
  EXPECT_EQ(store_->open(name).error().kind(), FailureKind::not_found);
  EXPECT_EQ(store_->verify(name).error().code(), "blob_absent");
  EXPECT_EQ(read_all(*store_, name, 10).error().code(), "blob_absent");
  EXPECT_TRUE(store_->remove(name));
}

TEST_P(StoreTest, RemovesABlobWhileOthersReadIt) {
  const std::string name = stored("to be removed");
  const auto open = store_->open(name);
  ASSERT_TRUE(store_->remove(name));
  EXPECT_EQ(store_->exists(name), false);
  std::string bytes(open->size, '\0');
  EXPECT_EQ(::pread(*open->descriptor, bytes.data(), bytes.size(), 0), 13);
  EXPECT_EQ(bytes, "to be removed");
}

TEST_P(StoreTest, TellsAndRemovesWhatIsOld) {
  const std::string name = stored("old");
  const std::string part = name.substr(0, 2);
  const Time future = SystemClock().now() + std::chrono::hours(1);
  const Time past = SystemClock().now() - std::chrono::hours(1);
  ASSERT_EQ(store_->stored_before(part, future)->size(), 1u);
  EXPECT_EQ(store_->stored_before(part, future)->front().sha512, name);
  EXPECT_EQ(store_->stored_before(part, future)->front().size, 3u);
  EXPECT_TRUE(store_->stored_before(part, past)->empty());
  EXPECT_TRUE(store_->stored_before(part == "00" ? "01" : "00", future)->empty());
  EXPECT_EQ(store_->remove_stored_before(name, past), false);
  EXPECT_EQ(store_->exists(name), true);
  EXPECT_EQ(store_->remove_stored_before(name, future), true);
  EXPECT_EQ(store_->exists(name), false);
  EXPECT_EQ(store_->remove_stored_before(name, future), true);  // gone is gone
  EXPECT_EQ(store_->remove_stored_before("../name", future).error().code(), "blob_bad_name");
}

TEST_P(StoreTest, EachOpenedBlobHasADescriptorOfItsOwn) {
  const std::string name = stored("abc");
  const auto one = store_->open(name);
  const auto two = store_->open(name);
  char byte = 0;
  EXPECT_EQ(::read(*one->descriptor, &byte, 1), 1);
  EXPECT_EQ(::read(*two->descriptor, &byte, 1), 1);
  EXPECT_EQ(byte, 'a');
}

TEST_P(StoreTest, ReadsAllOnlyUpToTheLimit) {
  const std::string name = stored("12345");
  EXPECT_EQ(read_all(*store_, name, 5), "12345");
  EXPECT_EQ(read_all(*store_, name, 4).error().code(), "blob_too_large");
}

TEST_P(StoreTest, EnumeratesInOrder) {
  std::vector<std::string> expected;
  for (int i = 0; i < 40; ++i) expected.push_back(stored("blob " + std::to_string(i)));
  std::sort(expected.begin(), expected.end());
  EXPECT_THAT(names(), ElementsAreArray(expected));
}

TEST_P(StoreTest, RefusesEveryNameThatIsNoHash) {
  const std::string good = stored("x");
  const std::string bad[] = {
      "",
      ".",
      "..",
      "../../etc/passwd",
      "/etc/passwd",
      good.substr(1),
      good + "0",
      good + "/",
      " " + good.substr(1),
      good.substr(0, 127) + "g",
      good.substr(0, 127) + "A",  // upper case would be a second name
      good.substr(0, 127) + std::string(1, '\0'),
      "../" + good.substr(3),  // of the right length
      good.substr(0, 2) + "/" + good.substr(3),
      std::string(128, '.'),
  };
  for (const std::string& name : bad) {
    EXPECT_FALSE(is_blob_name(name));
    EXPECT_EQ(store_->open(name).error().code(), "blob_bad_name") << name;
    EXPECT_EQ(store_->exists(name).error().code(), "blob_bad_name") << name;
    EXPECT_EQ(store_->remove(name).error().code(), "blob_bad_name") << name;
    EXPECT_EQ(store_->verify(name).error().code(), "blob_bad_name") << name;
  }
  EXPECT_EQ(store_->exists(good), true);
}

TEST_P(StoreTest, WritersOfTheSameBytesAtOnceAllSucceed) {
  const std::string bytes = random_bytes(150'000, 4);
  std::vector<std::jthread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] {
      for (int k = 0; k < 5; ++k) {
        EXPECT_EQ(put(*store_, bytes_of(bytes))->sha512, name_of(bytes));
        EXPECT_TRUE(put(*store_, bytes_of(std::to_string(i * 100 + k))));
        EXPECT_EQ(read_all(*store_, name_of(bytes), bytes.size()), bytes);
      }
    });
  }
  writers.clear();
  EXPECT_EQ(names().size(), 41u);
  EXPECT_TRUE(store_->verify(name_of(bytes)));
}

TEST(MemoryStoreTest, FailsTheCallThatWasAskedFor) {
  MemoryStore store;
  const std::string name = put(store, bytes_of("kept"))->sha512;
  // begin, write, finish
  for (std::size_t n = 1; n <= 3; ++n) {
    store.fail_call(n);
    EXPECT_EQ(put(store, bytes_of("new")).error().code(), "blob_store_broken") << n;
    EXPECT_EQ(store.size(), 1u);
  }
  store.fail_call(2);
  EXPECT_TRUE(store.open(name));
  EXPECT_EQ(store.exists(name).error().code(), "blob_store_broken");
  EXPECT_EQ(store.exists(name), true);
  EXPECT_TRUE(put(store, bytes_of("new")));
}

TEST(MemoryStoreTest, FindsDamage) {
  MemoryStore store;
  const std::string name = put(store, bytes_of("x"))->sha512;
  store.damage(name);
  EXPECT_EQ(store.verify(name).error().code(), "blob_corrupt");
}

}  // namespace
}  // namespace imp::blobs
