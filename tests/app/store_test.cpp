#include "app/store.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "db/temporary_directory.h"

namespace imp::app {
namespace {

// A restore without it: a new key would open nothing, and the right one would find its place taken.
TEST(Store, MakesNoNewMasterKeyForADatabaseThatIsThere) {
  const imp::test::TemporaryDirectory directory;
  const std::string data = directory.file("data"), key = data + "/master.key";
  open_store(data, true).value().database->stop();
  std::filesystem::remove(key);
  const auto opened = open_store(data, true);
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().message.contains("is absent; restore it")) << opened.error().message;
  EXPECT_FALSE(std::filesystem::exists(key));
}

}  // namespace
}  // namespace imp::app
