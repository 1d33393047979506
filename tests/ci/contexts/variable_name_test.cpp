#include "ci/contexts/variable_name.h"

#include <gtest/gtest.h>

namespace imp::ci {
namespace {

TEST(VariableName, AcceptsShellNamesOnly) {
  for (const std::string& good :
       {std::string("A"), std::string("_"), std::string("npm_TOKEN9"), std::string(300, 'x')}) {
    EXPECT_TRUE(is_variable_name(good)) << good;
  }
  const std::string nul("A\0B", 3);
  for (const std::string& bad :
       {std::string(), std::string("9A"), std::string("A-B"), std::string("A B"), std::string("A="),
        std::string("É"), nul, std::string("A\n"), std::string(301, 'x')}) {
    EXPECT_FALSE(is_variable_name(bad)) << bad;
  }
}

TEST(Masked, ShowsFourCharactersOfLongValuesAndNothingOfShortOnes) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "xxxx"},
      {"abcd", "xxxx"},     // would be the whole secret
      {"abcdefg", "xxxx"},  // would be more than half of it
      {"abcdefgh", "xxxxefgh"},
      {"npm_0123456789", "xxxx6789"},
      {"passwörter", "xxxxrter"},
      {"123456\u00e4\u00f6\u00fc\u20ac", "xxxx\u00e4\u00f6\u00fc\u20ac"},  // characters stay whole
  };
  for (const auto& [value, expected] : cases) EXPECT_EQ(masked(value), expected) << value;
}

}  // namespace
}  // namespace imp::ci
