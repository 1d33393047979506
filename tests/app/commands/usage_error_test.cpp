#include "app/commands/usage_error.h"

#include <gtest/gtest.h>

namespace imp::app {
namespace {

/// What is printed for these words.
std::string said(const std::string& words) {
  CLI::App app("", "imp");
  app.require_subcommand(1);
  app.failure_message(usage_error);
  std::string text;
  int number = 0;
  bool flag = false;
  auto* trust = app.add_subcommand("trust", "");
  trust->require_subcommand(1);
  auto* list = trust->add_subcommand("list", "");
  list->add_option("PACKAGE", text)->required();
  list->add_option("--limit", number)->check(CLI::Range(1, 9));
  trust->add_subcommand("add", "")->add_option("--type", text)->required();
  auto* freeze = app.add_subcommand("freeze", "");
  auto* group = freeze->add_option_group("what");
  group->add_option("TARGET", text);
  group->add_flag("--everything", flag);
  group->require_option(1);
  std::ostringstream out, err;
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    app.exit(error, out, err);
  }
  return err.str();
}

TEST(UsageError, SaysWhereWhatAndWhatElse) {
  const struct {
    const char* words;
    const char* fault;
  } cases[] = {
      {"", "imp: say what to do: trust or freeze\n  see imp --help\n"},
      {"bogus", "imp: there is no \"bogus\"; there is trust or freeze\n  see imp --help\n"},
      {"--bogus", "imp: there is no option --bogus\n  see imp --help\n"},
      {"trust", "imp trust: say what to do: list or add\n  see imp trust --help\n"},
      {"trust lst",
       "imp trust: there is no \"lst\"; there is list or add\n  see imp trust --help\n"},
      {"trust list", "imp trust list: PACKAGE is required\n  see imp trust list --help\n"},
      {"trust list a b",
       "imp trust list: \"b\" is one word too many\n  see imp trust list --help\n"},
      // The option is what was mistyped, not its value.
      {"trust list a --limt 3",
       "imp trust list: there is no option --limt\n  see imp trust list --help\n"},
      {"trust add --typ x",
       "imp trust add: there is no option --typ\n  see imp trust add --help\n"},
      {"trust add", "imp trust add: --type is required\n  see imp trust add --help\n"},
  };
  for (const auto& [words, fault] : cases) EXPECT_EQ(said(words), fault) << words;
}

TEST(UsageError, OfAValueIsWhatTheOptionSays) {
  EXPECT_TRUE(said("trust list a --limit 10").starts_with("imp trust list: --limit: Value 10 not"));
  EXPECT_TRUE(said("freeze a --everything").starts_with("imp freeze: Exactly 1 option from"));
}

TEST(UsageError, IsNoneForHelp) { EXPECT_EQ(said("trust list --help"), ""); }

TEST(UsageError, CannotSteerATerminal) { EXPECT_FALSE(said("trust \"\x1b[2J\"").contains('\x1b')); }

}  // namespace
}  // namespace imp::app
