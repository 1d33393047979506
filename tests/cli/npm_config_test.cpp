#include "cli/npm_config.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "db/temporary_directory.h"

namespace imp::cli {
namespace {

class NpmConfigTest : public testing::Test {
 protected:
  NpmConfig read() {
    return NpmConfig::read(
        [this](std::string_view name) -> std::optional<std::string> {
          const auto found = variables.find(name);
          return found == variables.end() ? std::nullopt : std::optional(found->second);
        },
        project.path());
  }
  static void write(const std::string& directory, const std::string& text) {
    std::ofstream(directory + "/.npmrc") << text;
  }

  imp::test::TemporaryDirectory project, home;
  std::map<std::string, std::string, std::less<>> variables{{"HOME", home.path()}};
};

TEST_F(NpmConfigTest, WithoutFilesNothingIsConfigured) {
  EXPECT_FALSE(read().registry());
  EXPECT_FALSE(read().token("https://npm.example"));
}

TEST_F(NpmConfigTest, TheVariableComesBeforeTheProjectBeforeThePerson) {
  write(home.path(), "registry=https://home.example/\n");
  EXPECT_EQ(read().registry(), "https://home.example");
  write(project.path(), "# ours\n; too\nregistry = \"https://project.example/\"\n");
  EXPECT_EQ(read().registry(), "https://project.example");
  variables["npm_config_registry"] = "https://variable.example/npm/";
  EXPECT_EQ(read().registry(), "https://variable.example/npm");
}

TEST_F(NpmConfigTest, ATokenIsForItsOwnHostPortAndPath) {
  variables["SECRET"] = "npm_secret";
  write(home.path(),
        "//npm.example/:_authToken=${SECRET}\n"
        "//npm.example/team/:_authToken=npm_team\n"
        "//localhost:4873/:_authToken=npm_local\n"
        "//unset.example/:_authToken=${UNSET}\n");
  const struct {
    const char* registry;
    std::optional<std::string> token;
  } cases[] = {{"https://npm.example", "npm_secret"},
               {"https://npm.example/", "npm_secret"},
               {"https://npm.example/other/path", "npm_secret"},
               {"https://npm.example/team", "npm_team"},
               {"https://npm.example:444", std::nullopt},
               {"https://sub.npm.example", std::nullopt},
               {"https://npm.example.evil.example", std::nullopt},
               {"http://localhost:4873", "npm_local"},
               {"http://localhost:4874", std::nullopt},
               {"https://unset.example", "${UNSET}"},  // as npm sends it
               {"npm.example", std::nullopt},
               {"", std::nullopt}};
  for (const auto& [registry, token] : cases) EXPECT_EQ(read().token(registry), token) << registry;
}

TEST_F(NpmConfigTest, ThePersonsFileMayBeElsewhere) {
  imp::test::TemporaryDirectory elsewhere;
  write(elsewhere.path(), "registry=https://elsewhere.example\n");
  write(home.path(), "registry=https://home.example\n");
  variables["npm_config_userconfig"] = (elsewhere.path() / ".npmrc").string();
  EXPECT_EQ(read().registry(), "https://elsewhere.example");
}

}  // namespace
}  // namespace imp::cli
