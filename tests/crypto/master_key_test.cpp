#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "crypto/sealing.h"

namespace imp::crypto {
namespace {

namespace fs = std::filesystem;

class MasterKey : public ::testing::Test {
 protected:
  MasterKey() {
    std::string pattern = (fs::temp_directory_path() / "imp-key-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~MasterKey() override { fs::remove_all(folder_); }

  std::string path() const { return (folder_ / "master.key").string(); }
  void write(std::string_view text, mode_t mode = 0600) const {
    std::ofstream(path(), std::ios::binary) << text;
    ::chmod(path().c_str(), mode);
  }
  std::string read() const {
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  std::string_view code(bool create = false) const {
    const auto key = load_master_key(path(), create);
    return key ? "ok" : key.error().code();
  }

  fs::path folder_;
};

const std::string kDigits = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

TEST_F(MasterKey, IsMadeOnceForItsOwnerAlone) {
  const mode_t before = ::umask(0);  // the mode must not depend on the umask
  const auto first = load_master_key(path(), true);
  ::umask(before);
  ASSERT_TRUE(first) << first.error().message;
  struct stat status{};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_EQ(read().size(), 65u);
  EXPECT_EQ(files(), 1u);  // no draft is left behind

  const auto second = load_master_key(path(), true);
  ASSERT_TRUE(second);
  EXPECT_EQ(*second->open(first->seal("secret", "p"), "p"), "secret");
}

TEST_F(MasterKey, IsTheKeyThatTheDigitsSay) {
  write(kDigits);
  const auto loaded = load_master_key(path(), false);
  ASSERT_TRUE(loaded);
  const Sealer direct(*from_hex(kDigits));
  EXPECT_EQ(*direct.open(loaded->seal("secret", "p"), "p"), "secret");
}

TEST_F(MasterKey, TwoServersThatStartTogetherGetOneKey) {
  std::vector<std::string> sealed(8);
  std::vector<std::thread> threads;
  for (std::string& out : sealed) {
    threads.emplace_back([this, &out] {
      if (auto key = load_master_key(path(), true)) out = key->seal("secret", "p");
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto key = load_master_key(path(), false);
  ASSERT_TRUE(key);
  for (const std::string& text : sealed) EXPECT_TRUE(key->open(text, "p"));
  EXPECT_EQ(files(), 1u);
}

TEST_F(MasterKey, AbsentIsRefusedUnlessItMayBeMade) {
  EXPECT_EQ(code(), "bad_key_file");
  EXPECT_EQ(files(), 0u);
}

TEST_F(MasterKey, AFileThatOthersCanUseIsRefused) {
  for (const mode_t mode : {0644u, 0640u, 0604u, 0660u, 0602u, 0601u, 0610u, 0777u}) {
    write(kDigits, mode);
    EXPECT_EQ(code(), "bad_key_file") << std::oct << mode;
    EXPECT_EQ(code(true), "bad_key_file") << std::oct << mode;  // and not replaced
    EXPECT_EQ(read(), kDigits);
  }
  for (const mode_t mode : {0600u, 0400u, 0700u}) {
    write(kDigits, mode);
    EXPECT_EQ(code(), "ok") << std::oct << mode;
    ::chmod(path().c_str(), 0600);
  }
}

struct ContentRow {
  std::string_view name;
  std::string content;
  std::string_view code;
};

TEST_F(MasterKey, ContentIsStrict) {
  const std::vector<ContentRow> rows = {
      {"digits", kDigits, "ok"},
      {"with a line feed", kDigits + "\n", "ok"},
      {"upper case", "ABCDEF" + kDigits.substr(6), "ok"},
      {"empty", "", "bad_key_file"},
      {"one short", kDigits.substr(1), "bad_key_file"},
      {"one long", kDigits + "0", "bad_key_file"},
      {"two line feeds", kDigits + "\n\n", "bad_key_file"},
      {"carriage return", kDigits + "\r\n", "bad_key_file"},
      {"leading space", " " + kDigits.substr(1), "bad_key_file"},
      {"not a digit", "g" + kDigits.substr(1), "bad_key_file"},
      {"NUL", kDigits.substr(1) + std::string(1, '\0'), "bad_key_file"},
      {"raw bytes", std::string(32, '\x7f'), "bad_key_file"},
      {"huge", std::string(1 << 20, '0'), "bad_key_file"},
  };
  for (const ContentRow& row : rows) {
    write(row.content);
    EXPECT_EQ(code(true), row.code) << row.name;
    EXPECT_EQ(read(), row.content) << row.name;  // a bad file is never overwritten
  }
}

TEST_F(MasterKey, WhatIsNoFileIsRefused) {
  fs::create_directory(path());
  EXPECT_EQ(code(true), "bad_key_file");
  fs::remove(path());
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);  // must not wait for a writer
  EXPECT_EQ(code(true), "bad_key_file");
}

TEST_F(MasterKey, AFolderThatIsAbsentIsExplained) {
  const auto key = load_master_key((folder_ / "absent" / "master.key").string(), true);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code(), "bad_key_file");
  EXPECT_TRUE(key.error().message.contains("No such file")) << key.error().message;
}

TEST_F(MasterKey, NoMessageShowsTheKey) {
  write(kDigits, 0644);
  const auto key = load_master_key(path(), false);
  ASSERT_FALSE(key);
  EXPECT_FALSE(key.error().message.contains(kDigits));
  EXPECT_TRUE(key.error().message.contains("chmod 600"));
}

}  // namespace
}  // namespace imp::crypto
