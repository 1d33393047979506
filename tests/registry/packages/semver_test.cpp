#include "registry/packages/semver.h"

#include <gtest/gtest.h>

namespace imp::registry {
namespace {

TEST(SemVer, ParsesAndWritesBack) {
  for (const char* text : {"0.0.0", "1.2.3", "10.20.30", "1.0.0-alpha", "1.0.0-alpha.1",
                           "1.0.0-0.3.7", "1.0.0-x.7.z.92", "1.0.0-x-y-z.--", "1.0.0--",
                           "9007199254740991.0.0", "1.0.0-0a", "1.0.0-00a"}) {
    const auto version = SemVer::parse(text);
    ASSERT_TRUE(version) << text;
    EXPECT_EQ(version->text(), text);
    EXPECT_TRUE(is_canonical_version(text)) << text;
  }
}

TEST(SemVer, RefusesWhatIsNotAVersion) {
  for (const std::string text : {"",
                                 "1",
                                 "1.2",
                                 "1.2.3.4",
                                 "v1.2.3",
                                 "=1.2.3",
                                 " 1.2.3",
                                 "1.2.3 ",
                                 "01.2.3",
                                 "1.02.3",
                                 "1.2.03",
                                 "1.2.3-",
                                 "1.2.3-01",
                                 "1.2.3-a..b",
                                 "1.2.3-a.",
                                 "1.2.3-.a",
                                 "1.2.3-\xc3\xa9",
                                 "1.2.3-a_b",
                                 "1.2.3+",
                                 "1.2.3+a..b",
                                 "1.2.x",
                                 "-1.2.3",
                                 "+1.2.3",
                                 "1.2.-3",
                                 "1e3.0.0",
                                 "9007199254740992.0.0",
                                 "18446744073709551616.0.0",
                                 "1.2.3\n",
                                 "1.2.3-a+b+c",
                                 "latest"}) {
    EXPECT_FALSE(SemVer::parse(text)) << text;
    EXPECT_FALSE(is_canonical_version(text)) << text;
  }
  EXPECT_FALSE(SemVer::parse("1.0.0-" + std::string(300, 'a')));
}

TEST(SemVer, BuildMetadataIsValidButNotCanonical) {
  const auto version = SemVer::parse("1.0.0-rc.1+build.05");
  ASSERT_TRUE(version);
  EXPECT_EQ(version->build, "build.05");  // leading zeros are fine here
  EXPECT_EQ(version->text(), "1.0.0-rc.1");
  EXPECT_FALSE(is_canonical_version("1.0.0+build.5"));
}

TEST(SemVer, CleansAsNpmDoes) {
  EXPECT_EQ(SemVer::clean("  v1.0.0 ")->text(), "1.0.0");
  EXPECT_EQ(SemVer::clean("=v1.0.0+b")->text(), "1.0.0");
  EXPECT_FALSE(SemVer::clean("version 1.0.0"));
  EXPECT_FALSE(SemVer::clean("  "));
  EXPECT_FALSE(SemVer::clean("v"));
}

TEST(SemVer, OrdersByPrecedence) {
  // The chain of semver.org, item 11, and what surrounds it.
  const std::vector<std::string> chain = {"0.9.9",
                                          "1.0.0-0",
                                          "1.0.0-9",
                                          "1.0.0-10",
                                          "1.0.0-99999999999999999999",
                                          "1.0.0-A",
                                          "1.0.0-alpha",
                                          "1.0.0-alpha.1",
                                          "1.0.0-alpha.beta",
                                          "1.0.0-beta",
                                          "1.0.0-beta.2",
                                          "1.0.0-beta.11",
                                          "1.0.0-rc.1",
                                          "1.0.0",
                                          "1.0.1-a",
                                          "1.0.1",
                                          "1.2.0",
                                          "1.10.0",
                                          "2.0.0-a",
                                          "2.0.0",
                                          "10.0.0"};
  for (std::size_t i = 0; i < chain.size(); ++i) {
    for (std::size_t j = 0; j < chain.size(); ++j) {
      EXPECT_EQ(compare(*SemVer::parse(chain[i]), *SemVer::parse(chain[j])), i <=> j)
          << chain[i] << " " << chain[j];
    }
  }
  EXPECT_TRUE(compare(*SemVer::parse("1.0.0+a"), *SemVer::parse("1.0.0+b")) == 0);
}

TEST(VersionRange, KnowsRanges) {
  for (const char* text : {"",
                           " ",
                           "*",
                           "x",
                           "X",
                           "1",
                           "v1",
                           "v1.4",
                           "=1",
                           "1.2",
                           "1.x",
                           "1.2.x",
                           "1.*",
                           "1.2.3",
                           "v1.2.3",
                           "1.2.3-rc.1",
                           "1.2.3+build",
                           "^1.2",
                           "~1",
                           "~>1.2",
                           "^1.2.3-rc.1",
                           ">1",
                           ">=1 <2",
                           ">= 1.0.0 < 2.0.0",
                           "<=2",
                           "1 - 2",
                           "1.2.3 - 2.3.4",
                           "1.0.0-a - 2",
                           "1 || 2",
                           "||",
                           "1||x",
                           "^1 || ^2 || >=3.1",
                           "  ^1.2.3  ",
                           ">",
                           "< "}) {
    EXPECT_TRUE(is_version_range(text)) << '"' << text << '"';
  }
}

TEST(VersionRange, KnowsWhatIsNone) {
  for (const char* text :
       {"latest",  "beta",     "next",      "rc.1",       "v",      "vnext",    "release-1.x",
        "1.2.3.4", "stable 1", "1 beta",    "1-",         "1-beta", "1.2-beta", "01",
        "1.02.3",  "a||b",     "1 || beta", "x1",         "xx",     "^^1",      "><1",
        "1..2",    ".1",       "2x",        "canary-2024"}) {
    EXPECT_FALSE(is_version_range(text)) << '"' << text << '"';
  }
}

}  // namespace
}  // namespace imp::registry
