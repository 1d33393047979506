#include "accounts/name.h"

#include <gtest/gtest.h>

#include <string>

namespace imp::accounts {
namespace {

TEST(Name, FollowsTheRules) {
  const struct {
    std::string name;
    bool valid;
  } cases[] = {
      {"alice", true},
      {"a", true},
      {"0day", true},
      {"a.b_c-d", true},
      {std::string(214, 'a'), true},
      {std::string(215, 'a'), false},
      {"", false},
      {"Alice", false},    // npm user names are lower case
      {".hidden", false},  // would vanish from listings and be ".." one day
      {"..", false},
      {"-rf", false},  // looks like an option; "/-/" is the registry's own space
      {"_private", false},
      {"a b", false},
      {"a/b", false},
      {"@acme", false},
      {"a%2fb", false},
      {"a:b", false},   // ends the user part of Basic credentials
      {"a\nb", false},  // header and log injection
      {std::string("a\0b", 3), false},
      {"caf\xc3\xa9", false},   // no letters that look like others
      {"\xd0\xb0lice", false},  // a Cyrillic "a"
      {"<script>", false},
  };
  for (const auto& [name, valid] : cases) {
    EXPECT_EQ(check_name(name).has_value(), valid) << name;
  }
}

}  // namespace
}  // namespace imp::accounts
