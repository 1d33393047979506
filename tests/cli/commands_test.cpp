#include "cli/commands.h"

#include <gtest/gtest.h>

#include <fstream>

#include "cli/names.h"
#include "cli/refusal.h"
#include "db/temporary_directory.h"

namespace imp::cli {
namespace {

TEST(ReadInput, SaysWhyAFileCannotBeRead) {
  const imp::test::TemporaryDirectory directory;
  const std::string file = (directory.path() / "trust.yaml").string();
  EXPECT_EQ(read_input(file).error().message, file + " cannot be read: No such file or directory.");
  EXPECT_EQ(read_input(directory.path().string()).error().message,
            directory.path().string() + " cannot be read: Is a directory.");
  const std::string text(40'000, 'x');
  std::ofstream(file) << text;
  EXPECT_EQ(read_input(file), text);
  std::ofstream(file, std::ios::trunc).close();
  EXPECT_EQ(read_input(file), "");
}

TEST(Complain, TellsWordsThatCannotBeUsedFromRefusals) {
  const struct {
    CliRefusal refusal;
    int code;
  } cases[] = {
      {CliRefusal::unusable_argument, kUsageError},
      {CliRefusal::unusable_input, 1},
      {CliRefusal::no_credential, 1},
      {CliRefusal::registry_refused, 1},
      {CliRefusal::registry_unavailable, 1},
      {CliRefusal::answer_unusable, 1},
  };
  for (const auto& [refusal, code] : cases) {
    const Failure failure = refuse(refusal, "No.").error();
    testing::internal::CaptureStderr();
    EXPECT_EQ(complain(failure), code) << failure.code();
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "imprimatur: No.\n");
  }
}

/// What is wrong with a word; empty when it is taken.
std::string fault(CLI::Option* (*add)(CLI::App&, std::string&), std::vector<std::string> words) {
  CLI::App app;
  std::string name;
  add(app, name);
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return {};
}

TEST(Names, ThatArePackagesOrScopes) {
  for (const char* good : {"lib", "@acme/lib", "@acme"}) {
    EXPECT_EQ(fault(add_place, {good}), "") << good;
  }
  for (const char* bad : {"", "@", "a/b", "@acme/", "../x", "@a/b/c"}) {
    EXPECT_TRUE(fault(add_place, {bad}).contains("cannot be a package name")) << bad;
  }
  EXPECT_EQ(fault(add_place, {}), "PACKAGE|@SCOPE is required");
}

TEST(Names, ThatArePackagesAlone) {
  EXPECT_EQ(fault(add_package, {"@acme/lib"}), "");
  EXPECT_EQ(fault(add_package, {"@acme"}),
            "PACKAGE: @acme is a scope, and this is about one package: @acme/widget, say");
}

TEST(Names, ThatAreScopes) {
  const auto add = [](CLI::App& app, std::string& name) { return add_scope_option(app, name, ""); };
  EXPECT_EQ(fault(add, {"@acme", "--scope"}), "");  // CLI11 takes words from the end
  EXPECT_EQ(fault(add, {"acme", "--scope"}),
            "--scope: \"acme\" is no scope, which is written \"@acme\"");
}

}  // namespace
}  // namespace imp::cli
