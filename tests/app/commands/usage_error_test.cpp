#include "app/commands/usage_error.h"

#include <gtest/gtest.h>

namespace imp::app {
namespace {

struct Outcome {
  int code = 0;
  std::string out, err;
};

/// What comes of these words.
Outcome read(const std::string& words) {
  CLI::App app("", "imp");
  app.require_subcommand(1);
  app.set_version_flag("--version", "imp 1");
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
  int code = 0;
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    code = exit_code_of(app, error, out, err);
  }
  return {code, out.str(), err.str()};
}

std::string said(const std::string& words) { return read(words).err; }

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

// What a script can tell from a refusal, whatever is wrong with the words.
TEST(UsageError, HasOneExitCode) {
  const struct {
    const char* words;
    int code;
    bool says;  ///< on standard output
  } cases[] = {
      {"trust list a", 0, false},
      {"--help", 0, true},
      {"trust --help", 0, true},
      {"trust list --help", 0, true},
      {"--version", 0, true},
      {"", 2, false},
      {"bogus", 2, false},
      {"--bogus", 2, false},
      {"trust", 2, false},
      {"trust list", 2, false},
      {"trust list a b", 2, false},
      {"trust list a --limit", 2, false},
      {"trust list a --limit 10", 2, false},
      {"trust list a --limit x", 2, false},
      {"trust add", 2, false},
      {"freeze", 2, false},
      {"freeze a --everything", 2, false},
      {"trust bogus --help", 0, true},  // help comes first, as everywhere
  };
  for (const auto& [words, code, says] : cases) {
    const Outcome outcome = read(words);
    EXPECT_EQ(outcome.code, code) << words;
    EXPECT_EQ(!outcome.out.empty(), says) << words << outcome.out;
    EXPECT_EQ(!outcome.err.empty(), code != 0) << words << outcome.err;
  }
}

TEST(UsageError, CannotSteerATerminal) { EXPECT_FALSE(said("trust \"\x1b[2J\"").contains('\x1b')); }

}  // namespace
}  // namespace imp::app
