#include <gtest/gtest.h>

#include "ci/runner/job_socket.h"
#include "ci/runner/support.h"

namespace imp::ci::runner {
namespace {

using test::Said;

/// The `circleci` program against a runner that grants everything and remembers.
struct JobtoolTest : ::testing::Test {
  test::TemporaryDirectory directory;
  std::vector<JobRequest> asked;
  JobAnswer next{true, "answer"};
  std::unique_ptr<JobSocket> socket;

  void SetUp() override {
    auto opened = JobSocket::open(directory.path(), false, [this](JobRequest request) {
      asked.push_back(std::move(request));
      return next;
    });
    ASSERT_TRUE(opened);
    socket = std::move(*opened);
  }

  Said run(std::vector<std::string> words, std::vector<std::string> environment = {}) {
    words.insert(words.begin(), test::jobtool_path());
    environment.push_back("CIRCLE_INTERNAL_SOCKET=" + directory.path() + "/job.sock");
    return test::run_on_host(std::move(words), std::move(environment));
  }
};

TEST_F(JobtoolTest, OidcArguments) {
  struct Case {
    std::vector<std::string> words;
    int exit_code;
    std::string claims;
    bool root;
  };
  const std::string claims = R"({"aud": "npm:x \"y\" \\ é"})";
  const Case cases[] = {
      {{}, 0, "", false},
      {{"--claims", claims}, 0, claims, false},
      {{"--claims=" + claims, "--root-issuer"}, 0, claims, true},
      {{"--root-issuer=true"}, 0, "", true},
      {{"--root-issuer=false"}, 0, "", false},
      {{"--root-issuer", "--claims", "{}"}, 0, "{}", true},
      {{"--claims", "a", "--claims", "b"}, 0, "b", false},
      {{"--claims"}, 2, "", false},
      {{"--claims="}, 2, "", false},
      {{"--claims", ""}, 2, "", false},
      {{"--ttl", "1h"}, 2, "", false},
      {{"--root-issuer=yes"}, 2, "", false},
      {{"extra"}, 2, "", false},
  };
  for (const Case& c : cases) {
    asked.clear();
    std::vector<std::string> words = {"run", "oidc", "get"};
    words.insert(words.end(), c.words.begin(), c.words.end());
    const Said said = run(words);
    EXPECT_EQ(said.exit_code, c.exit_code) << said.output;
    if (c.exit_code != 0) {
      EXPECT_TRUE(asked.empty());
      continue;
    }
    EXPECT_EQ(said.output, "answer\n");
    ASSERT_EQ(asked.size(), 1u);
    const auto& request = std::get<TokenRequest>(asked[0]);
    EXPECT_EQ(request.claims, c.claims);
    EXPECT_EQ(request.root_issuer, c.root);
  }
}

TEST_F(JobtoolTest, ReleaseArguments) {
  struct Case {
    std::vector<std::string> words;
    const char* problem;  ///< null: accepted
  };
  const Case cases[] = {
      {{"plan", "--target-version=1"}, nullptr},
      {{"plan", "name", "--target-version", "1", "--rollback"}, nullptr},
      {{"plan", "--target-version", "-1"}, nullptr},
      {{"log", "--target-version", "1", "--namespace=n"}, nullptr},
      {{"update", "name", "--status=success", "--keep-target-version-live"}, nullptr},
      {{"update", "--status", "FAILED", "--failure-reason", "--- a/b"}, nullptr},
      {{}, "which of plan"},
      {{"start"}, "unknown command"},
      {{"plan"}, "--target-version"},
      {{"plan", "--target-version="}, "--target-version"},
      {{"log", "name", "--target-version", "1"}, "unexpected argument: name"},
      {{"plan", "a", "b", "--target-version", "1"}, "unexpected argument: b"},
      {{"update"}, "--status"},
      {{"update", "--status", "x", "--target-version", "1"}, "unknown flag: --target-version"},
      {{"plan", "--status", "x"}, "unknown flag: --status"},
      {{"plan", "--target-version"}, "needs a value"},
  };
  for (const Case& c : cases) {
    asked.clear();
    std::vector<std::string> words = {"run", "release"};
    words.insert(words.end(), c.words.begin(), c.words.end());
    const Said said = run(words);
    if (c.problem == nullptr) {
      EXPECT_EQ(said.exit_code, 0) << said.output;
      EXPECT_EQ(asked.size(), 1u);
    } else {
      EXPECT_EQ(said.exit_code, 2) << said.output;
      EXPECT_NE(said.output.find(c.problem), std::string::npos) << said.output;
      EXPECT_TRUE(asked.empty());
    }
  }
}

TEST_F(JobtoolTest, EveryReleaseFlagArrives) {
  run({"run", "release", "plan", "d", "--target-version=1", "--environment-name=e",
       "--component-name=c", "--namespace=n", "--release-strategy=s", "--rollback"});
  run({"run", "release", "update", "d", "--status=RUNNING", "--failure-reason=r",
       "--keep-target-version-live"});
  ASSERT_EQ(asked.size(), 2u);
  const auto& plan = std::get<ReleaseRequest>(asked[0]);
  EXPECT_EQ(encode(plan), encode(ReleaseRequest{"", ReleaseAction::plan, "d", "1", "e", "c", "n",
                                                "s", true, "", "", false}));
  const auto& update = std::get<ReleaseRequest>(asked[1]);
  EXPECT_EQ(encode(update), encode(ReleaseRequest{"", ReleaseAction::update, "d", "", "", "", "",
                                                  "", false, "RUNNING", "r", true}));
}

TEST_F(JobtoolTest, Halt) {
  for (std::vector<std::string> words :
       {std::vector<std::string>{"step", "halt"}, {"task", "halt"}}) {
    EXPECT_EQ(run(words).exit_code, 0);
  }
  EXPECT_EQ(asked.size(), 2u);
  EXPECT_EQ(run({"step", "halt", "now"}).exit_code, 2);
}

TEST_F(JobtoolTest, RefusalsGoToTheUserAndFail) {
  next = {false, "Builds of forks get no identity token."};
  const Said said = run({"run", "oidc", "get"});
  EXPECT_EQ(said.exit_code, 1);
  EXPECT_EQ(said.output, "circleci: no identity token: Builds of forks get no identity token.\n");
}

TEST_F(JobtoolTest, OutsideAJob) {
  const Said none = test::run_on_host({test::jobtool_path(), "step", "halt"});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_NE(none.output.find("not inside a job"), std::string::npos);
  const Said gone = test::run_on_host({test::jobtool_path(), "step", "halt"},
                                      {"CIRCLE_INTERNAL_SOCKET=/nonexistent.sock"});
  EXPECT_EQ(gone.exit_code, 1);
  EXPECT_NE(gone.output.find("cannot reach the runner"), std::string::npos);
  const Said long_path = test::run_on_host({test::jobtool_path(), "step", "halt"},
                                           {"CIRCLE_INTERNAL_SOCKET=/" + std::string(200, 'x')});
  EXPECT_NE(long_path.output.find("too long"), std::string::npos);
}

TEST_F(JobtoolTest, EnvSubst) {
  struct Case {
    const char* text;
    const char* result;  ///< null: refused
  };
  const Case cases[] = {
      {"plain", "plain"},
      {"$A ${A}b $A.b", "1 1b 1.b"},
      {"$UNSET|${UNSET}|", "||"},
      {"${UNSET:-x y} ${EMPTY:-d} ${EMPTY-d} ${A:-d} ${UNSET-}", "x y d  1 "},
      {"$ $5 $$ a$", "$ $5 $$ a$"},
      {"$A_B", ""},  // the longest name counts
      {"{\"v\": \"${A}\"}", "{\"v\": \"1\"}"},
      {"$NESTED", "$A"},  // values are not looked into
      {"${A", nullptr},
      {"${}", nullptr},
      {"${1}", nullptr},
      {"${A%x}", nullptr},
  };
  for (const Case& c : cases) {
    const Said said = run({"env", "subst", c.text}, {"A=1", "EMPTY=", "NESTED=$A"});
    EXPECT_EQ(said.exit_code, c.result == nullptr ? 1 : 0) << c.text;
    if (c.result != nullptr) EXPECT_EQ(said.output, c.result) << c.text;
  }
}

TEST_F(JobtoolTest, EnvSubstReadsStandardInput) {
  const Said said = test::run_on_host(
      {"/bin/sh", "-c", "printf 'v=$A\\nlast' | " + test::jobtool_path() + " env subst"}, {"A=1"});
  EXPECT_EQ(said.output, "v=1\nlast");
}

TEST_F(JobtoolTest, VersionHelpAndMistakes) {
  EXPECT_TRUE(run({"--version"}).output.starts_with("circleci (imprimatur) "));
  EXPECT_EQ(run({"--version", "--short"}).output.find(' '), std::string::npos);
  const struct {
    std::vector<std::string> words;
    int exit_code;
  } cases[] = {
      {{"--help"}, 0},
      {{"help"}, 0},
      {{"run", "--help"}, 0},
      {{"run", "oidc", "--help"}, 0},
      {{"run", "oidc", "get", "--help"}, 0},
      {{"run", "release", "--help"}, 0},
      {{"run", "release", "plan", "--help"}, 0},
      {{"env", "subst", "--help"}, 0},
      {{"step", "halt", "--help"}, 0},
      {{"version", "--help"}, 0},
      {{}, 2},
      {{"run"}, 2},
      {{"run", "oidc"}, 2},
      {{"run", "oidc", "--halp"}, 2},
      {{"orb", "publish"}, 2},
      {{"orb", "--help"}, 2},
      {{"--version", "--long"}, 2},
  };
  for (const auto& [words, exit_code] : cases) {
    const Said said = run(words);
    EXPECT_EQ(said.exit_code, exit_code) << said.output;
    EXPECT_NE(said.output.find("usage: circleci"), std::string::npos) << said.output;
  }
  EXPECT_NE(run({"orb", "publish"}).output.find("unknown command: orb publish"), std::string::npos);
}

// A job may call the launcher as it likes: it gains nothing by it.
TEST_F(JobtoolTest, TheLauncherRefusesNonsense) {
  for (std::vector<std::string> words : {std::vector<std::string>{"internal", "launch"},
                                         {"internal", "launch", "-", "64", "/"},
                                         {"internal", "launch", "-", "64", "/", "no", "dashes"},
                                         {"internal", "launch", "0", "64", "/", "--", "id"},
                                         {"internal", "launch", "-", "0", "/", "--", "id"},
                                         {"internal", "launch", "root", "64", "/", "--", "id"}}) {
    EXPECT_NE(run(words).exit_code, 0);
  }
}

}  // namespace
}  // namespace imp::ci::runner
