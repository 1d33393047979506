#include "ci/projects/repository.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "ci/projects/git_process.h"

namespace imp::ci {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

const std::string id = "1a2b0000-0000-4000-8000-000000000002";
const std::string absent_revision(40, 'a');

class RepositoryTest : public ::testing::Test {
 protected:
  ~RepositoryTest() override { std::filesystem::remove_all(directory_); }

  void git(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"-C", work_, "-c", "user.name=Alice", "-c", "user.email=alice@example.test"});
    const auto done = run_git({.arguments = std::move(arguments)});
    ASSERT_TRUE(done) << done.error().detail;
    ASSERT_EQ(done->exit_code, 0) << done->error;
  }
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(work_ + "/" + path).parent_path());
    std::ofstream(work_ + "/" + path, std::ios::binary) << text;
  }
  /// A repository with two commits on main, a branch and two tags.
  void fill() {
    const auto created = repositories_.create(id, "main");
    ASSERT_TRUE(created) << created.error().detail;
    std::filesystem::create_directories(work_);
    git({"init", "--quiet", "--initial-branch=main"});
    write(".circleci/config.yml", "version: 2.1\n");
    git({"add", "."});
    git({"commit", "--quiet", "-m", "First"});
    git({"tag", "v1"});
    write("README.md", std::string("bytes\0and more", 14));
    git({"add", "."});
    git({"commit", "--quiet", "-m", "Second: subject\n\nbody line 1\nbody line 2\n"});
    git({"tag", "-a", "v2", "-m", "annotated"});
    git({"branch", "feature/x"});
    git({"push", "--quiet", repositories_.path(id), "--all"});
    git({"push", "--quiet", repositories_.path(id), "--tags"});
  }

  static std::string new_directory() {
    std::string pattern = std::filesystem::temp_directory_path() / "imp-git-XXXXXX";
    return mkdtemp(pattern.data());
  }

  const std::string directory_ = new_directory();
  const std::string work_ = directory_ + "/work";
  Repositories repositories_{directory_ + "/git"};
};

TEST_F(RepositoryTest, CreatedOnceAndEmpty) {
  EXPECT_FALSE(repositories_.exists(id));
  ASSERT_TRUE(repositories_.create(id, "trunk"));
  EXPECT_TRUE(repositories_.exists(id));
  EXPECT_EQ(repositories_.create(id, "trunk").error().code(), "repository_exists");
  EXPECT_TRUE(repositories_.refs(id)->empty());
  EXPECT_EQ(repositories_.resolve_branch(id, "trunk").error().code(), "ref_not_found");
  repositories_.remove(id);
  EXPECT_FALSE(repositories_.exists(id));
}

TEST_F(RepositoryTest, ReadsWhatWasPushed) {
  fill();
  const std::string head = repositories_.resolve_branch(id, "main").value();
  EXPECT_EQ(repositories_.resolve_branch(id, "feature/x"), head);
  const std::string first = repositories_.resolve_tag(id, "v1").value();
  EXPECT_NE(first, head);
  EXPECT_EQ(repositories_.resolve_tag(id, "v2"), head);  // the commit, not the tag object
  EXPECT_THAT(*repositories_.refs(id),
              ElementsAre(Ref{"refs/heads/feature/x", head}, Ref{"refs/heads/main", head},
                          Ref{"refs/tags/v1", first}, Ref{"refs/tags/v2", head}));
  EXPECT_EQ(repositories_.read_file(id, head, ".circleci/config.yml"), "version: 2.1\n");
  EXPECT_EQ(repositories_.read_file(id, head, "README.md"), std::string("bytes\0and more", 14));
  EXPECT_EQ(repositories_.read_file(id, first, "README.md").error().code(), "file_not_found");

  const auto commits = repositories_.commits(id, head, 10).value();
  ASSERT_THAT(commits, SizeIs(2));
  EXPECT_EQ(commits[0].revision, head);
  EXPECT_EQ(commits[0].subject, "Second: subject");
  EXPECT_EQ(commits[0].body, "body line 1\nbody line 2");
  EXPECT_EQ(commits[0].author_name, "Alice");
  EXPECT_EQ(commits[0].author_email, "alice@example.test");
  EXPECT_GT(commits[0].authored, from_milliseconds(1'600'000'000'000));
  EXPECT_EQ(commits[1].revision, first);
  EXPECT_EQ(commits[1].body, "");
  EXPECT_THAT(*repositories_.commits(id, head, 1), SizeIs(1));
  EXPECT_EQ(repositories_.commit(id, first)->subject, "First");
}

TEST_F(RepositoryTest, WhatIsNotThereIsRefusedPlainly) {
  fill();
  const std::string head = repositories_.resolve_branch(id, "main").value();
  EXPECT_EQ(repositories_.resolve_branch(id, "nosuch").error().code(), "ref_not_found");
  EXPECT_EQ(repositories_.resolve_branch(id, "v1").error().code(), "ref_not_found");  // a tag
  EXPECT_EQ(repositories_.resolve_tag(id, "main").error().code(), "ref_not_found");
  EXPECT_EQ(repositories_.read_file(id, head, "nosuch").error().code(), "file_not_found");
  EXPECT_EQ(repositories_.read_file(id, head, ".circleci").error().code(), "file_not_found");
  EXPECT_EQ(repositories_.read_file(id, absent_revision, "README.md").error().code(),
            "file_not_found");
  EXPECT_EQ(repositories_.commits(id, absent_revision, 5).error().code(), "ref_not_found");
  EXPECT_EQ(repositories_.read_file(id, head, "README.md", 5).error().code(), "file_too_large");
}

TEST_F(RepositoryTest, UnknownProjectsHaveNoRepository) {
  const std::string other = "1a2b0000-0000-4000-8000-00000000ffff";
  EXPECT_EQ(repositories_.resolve_branch(other, "main").error().code(), "repository_not_found");
  EXPECT_EQ(repositories_.refs(other).error().code(), "repository_not_found");
  EXPECT_EQ(repositories_.commits(other, absent_revision, 1).error().code(),
            "repository_not_found");
  // An id is never a path.
  for (const char* path : {"../work", "..", "", "/etc"}) {
    EXPECT_FALSE(repositories_.exists(path));
    EXPECT_FALSE(repositories_.create(path, "main"));
  }
}

TEST_F(RepositoryTest, RevisionsAreCommitIdsOnly) {
  fill();
  for (const std::string& bad :
       {std::string("main"), std::string("HEAD"), std::string("--all"), std::string(),
        std::string("v1~1"), std::string(39, 'a'), std::string(41, 'a'), std::string(40, 'A'),
        "-" + std::string(39, 'a'), std::string(39, 'a') + "\n"}) {
    EXPECT_EQ(repositories_.read_file(id, bad, "README.md").error().code(), "invalid_revision")
        << bad;
    EXPECT_EQ(repositories_.commits(id, bad, 1).error().code(), "invalid_revision") << bad;
  }
}

TEST_F(RepositoryTest, FilePathsStayInside) {
  fill();
  const std::string head = repositories_.resolve_branch(id, "main").value();
  const std::string nul("README.md\0x", 11);
  for (const std::string& bad :
       {std::string(), std::string("/etc/passwd"), std::string("../x"),
        std::string("a/../README.md"), std::string("./README.md"), std::string("a//b"),
        std::string("a/"), nul, std::string(1025, 'a')}) {
    EXPECT_EQ(repositories_.read_file(id, head, bad).error().code(), "invalid_file_path") << bad;
  }
}

TEST(RefName, AsGitAllowsThemAndNeverAnOption) {
  for (const char* good : {"main", "feature/x", "v1.0.0", "a@b", "release-2", "\u00fcml\u00e4ut",
                           "dependabot/npm_and_yarn/x-1.2.3"}) {
    EXPECT_TRUE(check_ref_name(good)) << good;
  }
  const std::string nul("a\0b", 3);
  for (const std::string& bad :
       {std::string(),         std::string("-x"),       std::string("--upload-pack=id"),
        std::string("a b"),    std::string("a..b"),     std::string("a~1"),
        std::string("a^"),     std::string("a:b"),      std::string("a?"),
        std::string("a*"),     std::string("a["),       std::string("a\\b"),
        std::string("/a"),     std::string("a/"),       std::string("a//b"),
        std::string("a."),     std::string(".a"),       std::string("a/.b"),
        std::string("a.lock"), std::string("a.lock/b"), std::string("@"),
        std::string("HEAD"),   std::string("a@{1}"),    std::string("refs/heads/a"),
        std::string("a\n"),    std::string("a\x7f"),    nul,
        std::string("\xff"),   std::string(245, 'a')}) {
    const auto checked = check_ref_name(bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error().code(), "invalid_ref_name");
  }
}

TEST_F(RepositoryTest, RefsThatNobodyHereCouldNameAreLeftOut) {
  fill();
  git({"push", "--quiet", repositories_.path(id), "main:refs/heads/\xff",
       "main:refs/heads/--option", "main:refs/heads/refs/heads/main", "main:refs/tags/HEAD"});
  std::vector<std::string> names;
  for (const Ref& ref : repositories_.refs(id).value()) names.push_back(ref.name);
  EXPECT_THAT(names, ElementsAre("refs/heads/feature/x", "refs/heads/main", "refs/tags/v1",
                                 "refs/tags/v2"));
}

TEST(GitProcess, OutputBeyondTheLimitEndsTheCall) {
  const auto done = run_git({.arguments = {"help", "-a"}, .output_limit = 100});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), "file_too_large");
}

TEST(GitProcess, SlowCallsAreEnded) {
  const auto started = std::chrono::steady_clock::now();
  const auto done =
      run_git({.arguments = {"-c", "alias.wait=!sleep 20", "wait"}, .timeout = Milliseconds(200)});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), "git_failed");
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(10));
}

TEST(GitProcess, NothingOfTheServersEnvironmentIsPassedOn) {
  setenv("IMPRIMATUR_TEST_SECRET", "leaks", 1);
  setenv("GIT_CONFIG_COUNT", "1", 1);
  const auto env = run_git({.arguments = {"-c", "alias.printenv=!env", "printenv"}});
  unsetenv("IMPRIMATUR_TEST_SECRET");
  unsetenv("GIT_CONFIG_COUNT");
  ASSERT_TRUE(env);
  EXPECT_EQ(env->out.find("leaks"), std::string::npos);
  EXPECT_NE(env->out.find("GIT_CONFIG_GLOBAL=/dev/null"), std::string::npos);
}

}  // namespace
}  // namespace imp::ci
