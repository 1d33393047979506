#include "ci/runner/checkout.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "ci/runner/support.h"

namespace imp::ci::runner {
namespace {

using test::FakeServer;
using test::run_step_of;

const std::vector<std::string> git_environment = {
    "PATH=/usr/bin:/bin",          "HOME=/nonexistent",         "GIT_CONFIG_GLOBAL=/dev/null",
    "GIT_AUTHOR_NAME=a",           "GIT_AUTHOR_EMAIL=a@b.test", "GIT_COMMITTER_NAME=a",
    "GIT_COMMITTER_EMAIL=a@b.test"};

class CheckoutTest : public test::WithSandbox {
 protected:
  void SetUp() override {
    WithSandbox::SetUp();
    if (IsSkipped()) return;
    git("init -q -b main");
    first = commit("one");
    second = commit("two");
    git("tag v1 " + first);
  }

  std::string git(const std::string& words) {
    const std::string repository = directory.path() + "/repository";
    std::filesystem::create_directories(repository);
    auto said = test::run_on_host({"/bin/sh", "-c", "cd " + repository + " && git " + words},
                                  git_environment);
    EXPECT_EQ(said.exit_code, 0) << said.output;
    if (said.output.ends_with('\n')) said.output.pop_back();
    return said.output;
  }
  std::string commit(const std::string& content) {
    test::write_file(directory.path() + "/repository/file", content);
    git("add file && git commit -q -m " + content);
    return git("rev-parse HEAD");
  }

  Step checkout(const std::string& revision, const std::string& branch = "main") {
    Checkout out;
    out.fetch_url = "file://" + directory.path() + "/repository";
    out.repository_url = "https://git.test/acme/widgets";
    out.revision = revision;
    out.branch = branch;
    return {"Checkout code", When::on_success, out};
  }
  Checkout& of(Step& step) { return std::get<Checkout>(step.action); }
  FakeServer::Job run(std::vector<Step> steps) {
    return test::run_to_end(server, test::settings_in(directory),
                            test::ticket_with(std::move(steps)));
  }

  test::TemporaryDirectory directory;
  FakeServer server;
  std::string first;
  std::string second;
};

TEST_F(CheckoutTest, TheRevisionOnItsBranch) {
  const auto job = run({checkout(second), run_step_of("cat file; echo; git rev-parse HEAD; "
                                                      "git branch --show-current; git status -s; "
                                                      "git remote get-url origin; git tag; pwd; "
                                                      "git rev-parse --abbrev-ref @{upstream}")});
  EXPECT_EQ(job.end.outcome, JobOutcome::success) << job.output.at(1);
  EXPECT_EQ(job.output.at(2), "two\n" + second +
                                  "\nmain\nhttps://git.test/acme/widgets\nv1\n"
                                  "/home/circleci/project\norigin/main\n");
  EXPECT_NE(job.output.at(1).find("HEAD is now at"), std::string::npos);
}

TEST_F(CheckoutTest, AnEarlierRevisionThanTheBranchHas) {
  const auto job = run({checkout(first), run_step_of("cat file; git branch --show-current")});
  EXPECT_EQ(job.output.at(2), "onemain\n");
}

TEST_F(CheckoutTest, ATagIsDetached) {
  Step step = checkout(first, "");
  of(step).tag = "v1";
  const auto job = run({step, run_step_of("git describe --tags; git branch --show-current")});
  EXPECT_EQ(job.output.at(2), "v1\n");
}

TEST_F(CheckoutTest, IntoAPathOfItsOwn) {
  Step step = checkout(second);
  of(step).path = "~/elsewhere/deep";
  const auto job = run({step, run_step_of("ls ~/elsewhere/deep; ls")});
  EXPECT_EQ(job.output.at(2), "file\n");
}

TEST_F(CheckoutTest, APullRequestsHeadByItsRef) {
  git("checkout -q -b tmp && git commit -q --allow-empty -m pr");
  const std::string head = git("rev-parse HEAD");
  git("update-ref refs/pull/7/head " + head + " && git checkout -q main && git branch -q -D tmp");
  Step step = checkout(head, "pull/7");
  of(step).ref = "refs/pull/7/head";
  const auto job = run({step, run_step_of("git rev-parse HEAD; git branch --show-current")});
  EXPECT_EQ(job.output.at(2), head + "\npull/7\n");
}

TEST_F(CheckoutTest, AnExistingRepositoryIsFetchedIntoAndReset) {
  const auto job = run({checkout(first), run_step_of("echo changed > file; echo keep > untracked"),
                        checkout(second), run_step_of("cat file untracked")});
  EXPECT_EQ(job.output.at(4), "twokeep\n");
  EXPECT_NE(job.output.at(3).find("Using the repository"), std::string::npos);
}

TEST_F(CheckoutTest, ADirectoryWithOtherContentFails) {
  const auto job = run({run_step_of("echo x > there"), checkout(second)});
  EXPECT_EQ(job.end.outcome, JobOutcome::failed);
  EXPECT_NE(job.output.at(2).find("not empty and not a git repository"), std::string::npos);
}

TEST_F(CheckoutTest, ARevisionThatDoesNotExistFailsTheStep) {
  const auto job = run({checkout(std::string(40, 'a')), run_step_of("echo told", When::on_fail)});
  EXPECT_EQ(job.end.outcome, JobOutcome::failed);
  EXPECT_EQ(job.output.at(2), "told\n");
  EXPECT_NE(job.output.at(1).find("cannot be fetched"), std::string::npos);
}

// What a job leaves in its repository must run inside the sandbox or not at all.
TEST_F(CheckoutTest, HooksAndSettingsOfTheJobNeverRunOnTheHost) {
  const std::string proof = directory.path() + "/escaped";
  const auto job = run(
      {checkout(first),
       run_step_of("mkdir -p .git/hooks; printf '#!/bin/sh\\necho ran as $(id -u) >> /tmp/hook\\n"
                   "touch " +
                   proof +
                   " 2>/dev/null || true\\n' > .git/hooks/post-checkout; "
                   "chmod +x .git/hooks/post-checkout; cp .git/hooks/post-checkout ~/evil; "
                   "git config core.fsmonitor ~/evil; git config --global core.sshCommand ~/evil; "
                   "git config filter.x.smudge ~/evil; git config core.pager ~/evil"),
       checkout(second), run_step_of("sort -u /tmp/hook; cat file")});
  EXPECT_EQ(job.output.at(4), "ran as 3434\ntwo");
  EXPECT_FALSE(std::filesystem::exists(proof));
}

TEST_F(CheckoutTest, TheCredentialNeverEntersTheSandbox) {
  Step step = checkout(second);
  of(step).authorization = "Basic dXNlcjpzZWNyZXQtcGFzcw==";
  const auto job = run({step, run_step_of("git config -l; cat .git/config .git/FETCH_HEAD; env; "
                                          "find /run/imprimatur /tmp /home -type f -size -100k "
                                          "-exec grep -l dXNlcjpzZWNyZXQtcGFzcw {} +; true")});
  EXPECT_EQ(job.end.outcome, JobOutcome::success) << job.output.at(1);
  // The masker would hide the value; that nothing was there to hide shows by the missing asterisks.
  EXPECT_EQ(job.output.at(2).find("****"), std::string::npos);
  EXPECT_EQ(job.output.at(1).find("dXNlcj"), std::string::npos);
}

TEST_F(CheckoutTest, UrlsThatMustNotBeUsed) {
  struct Case {
    const char* url;
    const char* message;
  };
  const Case cases[] = {
      {"ext::sh -c touch% /tmp/x", "not one that this runner fetches from"},
      {"ssh://git@host/r", "not one that this runner fetches from"},
      {"--upload-pack=/bin/sh", "not one that this runner fetches from"},
      {"/etc", "not one that this runner fetches from"},
      {"file://user:pass@host/r", "holds a user name"},
      {"", "not one that this runner fetches from"},
  };
  for (const Case& c : cases) {
    Step step = checkout(second);
    of(step).fetch_url = c.url;
    const auto job = run({step});
    EXPECT_EQ(job.end.outcome, JobOutcome::failed) << c.url;
    EXPECT_NE(job.output.at(1).find(c.message), std::string::npos) << job.output.at(1);
  }
  Step step = checkout(second);
  of(step).repository_url = "--evil";
  EXPECT_EQ(run({step}).end.outcome, JobOutcome::failed);
}

// Without the tests' own permission, local paths are refused.
TEST_F(CheckoutTest, FilesAreNotFetchedInProduction) {
  auto settings = test::settings_in(directory);
  settings.fetch_protocols = JobSettings().fetch_protocols;
  const auto job = test::run_to_end(server, settings, test::ticket_with({checkout(second)}));
  EXPECT_EQ(job.end.outcome, JobOutcome::failed);
}

}  // namespace
}  // namespace imp::ci::runner
