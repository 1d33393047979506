#include "base/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace imp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Example {
  std::string listen = "127.0.0.1:4873";
  std::int64_t threads = 0;
  Milliseconds timeout{1000};
  bool runner = true;
  std::string format = "text";
  std::vector<std::string> proxies;

  SettingsTable table() {
    SettingsTable table;
    table.text("http.listen", listen, "where to listen");
    table.number("http.threads", threads, 0, 64, "threads");
    table.duration("http.timeout", timeout, Milliseconds(1), std::chrono::hours(1), "patience");
    table.flag("ci.runner", runner, "start a runner");
    table.choice("log.format", format, {"text", "json"}, "shape of log lines");
    table.list("http.trusted_proxies", proxies, "addresses");
    return table;
  }
};

class SettingsFile : public testing::Test {
 protected:
  std::string write(const std::string& text) {
    std::ofstream(path_) << text;
    return path_;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::string path_ = testing::TempDir() + "settings-" + std::to_string(getpid()) + ".yaml";
  Example example_;
  SettingsTable table_ = example_.table();
};

TEST_F(SettingsFile, FillsEveryKindOfSettingFromNestedAndDottedKeys) {
  const auto read = table_.read_file(
      write("http:\n  listen: 0.0.0.0:80\n  threads: 2\n  timeout: 15m\n  trusted_proxies:\n"
            "    - 10.0.0.1\n    - 10.0.0.2\nci.runner: false\nlog: {format: json}\n"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(example_.listen, "0.0.0.0:80");
  EXPECT_EQ(example_.threads, 2);
  EXPECT_EQ(example_.timeout, std::chrono::minutes(15));
  EXPECT_FALSE(example_.runner);
  EXPECT_EQ(example_.format, "json");
  EXPECT_THAT(example_.proxies, ElementsAre("10.0.0.1", "10.0.0.2"));
}

TEST_F(SettingsFile, AnEmptyFileIsFine) {
  EXPECT_TRUE(table_.read_file(write("# nothing set\n\n")));
}

TEST_F(SettingsFile, RefusalsNameFileLineAndWhatIsAllowed) {
  struct Case {
    const char* file;
    const char* code;
    std::vector<const char*> says;
  };
  const Case cases[] = {
      {"http:\n  lissten: x\n", "settings_unknown_key", {":2:", "http.lissten", "http.listen"}},
      {"colour: red\n", "settings_unknown_key", {":1:", "colour", "log.format"}},
      {"http:\n  threads: many\n", "settings_bad_value", {":2:", "many", "from 0 to 64"}},
      {"http:\n\n  threads: 65\n", "settings_bad_value", {":3:", "65"}},
      // Without a unit nobody knows whether seconds or milliseconds are meant.
      {"http:\n  timeout: 30\n", "settings_bad_value", {"30", "such as 90s"}},
      {"http:\n  timeout: 2h\n", "settings_bad_value", {"from 1ms to 1h"}},
      {"ci:\n  runner: yes\n", "settings_bad_value", {"true or false"}},
      {"log:\n  format: xml\n", "settings_bad_value", {"one of text, json"}},
      {"http: [1, 2\n", "settings_malformed", {".yaml:"}},
      {"- a\n- b\n", "settings_malformed", {"map of keys"}},
      {"http:\n  trusted_proxies:\n    - {a: b}\n", "settings_malformed", {"http.trusted_proxies"}},
      {"http:\n  threads: 1\n  threads: 2\n", "settings_malformed", {".yaml:3:"}},
      {"http:\n  listen: |\n    here\n", "settings_malformed", {".yaml:2:", "http.listen"}},
  };
  for (const Case& c : cases) {
    const auto read = table_.read_file(write(c.file));
    ASSERT_FALSE(read) << c.file;
    EXPECT_EQ(read.error().code(), c.code) << c.file << read.error().message;
    for (const char* says : c.says) EXPECT_THAT(read.error().message, HasSubstr(says)) << c.file;
  }
}

TEST_F(SettingsFile, AMissingFileIsARefusal) {
  const auto read = table_.read_file(path_ + ".absent");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), "settings_unreadable");
}

TEST(Settings, TheEnvironmentOverridesAndNothingUnknownIsIgnored) {
  Example example;
  SettingsTable table = example.table();
  const char* good[] = {"PATH=/bin", "IMPRIMATUR_HTTP_LISTEN=[::]:1",
                        "IMPRIMATUR_HTTP_TRUSTED_PROXIES=a, b", "IMPRIMATUR_TOKEN=reserved",
                        nullptr};
  ASSERT_TRUE(table.read_environment(good, {"IMPRIMATUR_TOKEN"}));
  EXPECT_EQ(example.listen, "[::]:1");
  EXPECT_THAT(example.proxies, ElementsAre("a", "b"));

  const char* misspelt[] = {"IMPRIMATUR_HTTP_LISTN=x", nullptr};
  const auto read = table.read_environment(misspelt);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("IMPRIMATUR_HTTP_LISTN"));
}

TEST(Settings, Durations) {
  EXPECT_EQ(parse_duration("250ms"), Milliseconds(250));
  EXPECT_EQ(parse_duration("14d"), std::chrono::days(14));
  for (const char* bad : {"", "s", "5", "-5s", "5 s", "5w", "1.5h", "99999999999s"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
}

}  // namespace
}  // namespace imp
