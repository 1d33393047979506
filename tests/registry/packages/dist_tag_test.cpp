#include "registry/packages/dist_tag.h"

#include <gtest/gtest.h>

namespace imp::registry {
namespace {

TEST(DistTag, Accepts) {
  for (const char* tag : {"latest", "beta", "next-14", "v", "vnext", "release_1", "2x", "a.b",
                          "canary!", "LTS", "constructor", "1-beta"}) {
    EXPECT_TRUE(check_dist_tag(tag)) << tag;
  }
  EXPECT_TRUE(check_dist_tag(std::string(100, 'a')));
}

TEST(DistTag, Refuses) {
  const std::vector<std::string> table = {"",
                                          " ",
                                          "a b",
                                          "x",
                                          "*",
                                          "1",
                                          "v1.4",
                                          "1.2.3",
                                          "^1",
                                          "~2",
                                          "1.x",
                                          "||",
                                          ">=1",
                                          "a/b",
                                          "../a",
                                          "a\\b",
                                          "a@b",
                                          "a%2f",
                                          "a?b",
                                          "a#b",
                                          "a\nb",
                                          "a\"b",
                                          "caf\xc3\xa9",
                                          ".",
                                          "..",
                                          "__proto__",
                                          std::string("a\0", 2),
                                          std::string(101, 'a')};
  for (const std::string& tag : table) {
    const auto checked = check_dist_tag(tag);
    ASSERT_FALSE(checked) << tag;
    EXPECT_EQ(checked.error().code(), "invalid_dist_tag");
    EXPECT_EQ(checked.error().kind(), FailureKind::invalid);
  }
}

}  // namespace
}  // namespace imp::registry
