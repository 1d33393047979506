#include "demo/narrator.h"

#include <gtest/gtest.h>

#include <sstream>

namespace imp::demo {
namespace {

TEST(Narrator, ShowsTheLastTellingLines) {
  std::ostringstream out;
  Narrator(out, false).output("one\nnpm notice Tarball Contents\n\ntwo\nthree\n", 2);
  EXPECT_EQ(out.str(), "      | two\n      | three\n");
}

TEST(Narrator, NeverPrintsASecretWhole) {
  const std::string token = "imp_0123456789abcdefghij";
  std::ostringstream out;
  Narrator say(out, true);
  say.title(token);
  say.note(token);
  say.command("alice", token);
  say.output(token);
  say.request("alice", "GET", "/" + token, token);
  say.answer(200, token);
  say.good(token);
  say.bad({token, token});
  say.table({{1, "step", Verdict::as_expected, token}});
  EXPECT_EQ(out.str().find(token), std::string::npos) << out.str();
}

TEST(Narrator, PaintsOnTerminalsOnly) {
  std::ostringstream plain, painted;
  Narrator(plain, false).good("done");
  Narrator(painted, true).good("done");
  EXPECT_EQ(plain.str(), "    ✓ done\n");
  EXPECT_NE(painted.str().find("\033[32m"), std::string::npos);
}

TEST(Narrator, ClipsBetweenCharacters) {
  EXPECT_EQ(clipped("äöü", 2), "äö…");
  EXPECT_EQ(clipped("äöü", 3), "äöü");
  EXPECT_EQ(clipped("a\nb", 9), "a b");
}

TEST(Narrator, TheTableNamesEveryVerdict) {
  std::ostringstream out;
  Narrator(out, false)
      .table({{1, "first", Verdict::as_expected, "fine"},
              {2, "second one", Verdict::surprised, "not so"},
              {3, "third", Verdict::not_run, ""}});
  EXPECT_EQ(out.str(),
            "\n 1  first       as expected  fine\n"
            " 2  second one  SURPRISED    not so\n"
            " 3  third       not run      \n");
}

}  // namespace
}  // namespace imp::demo
