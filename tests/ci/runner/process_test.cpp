#include "ci/runner/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "ci/runner/support.h"

namespace imp::ci::runner {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Ran {
  ProcessEnd end;
  std::string output;
};

Ran run(const std::string& script, const Watch& watch = {}) {
  Ran out;
  const auto end = run_process({{"/bin/sh", "-c", script}, {"PATH=/usr/bin:/bin"}, "/tmp", {}},
                               watch, [&](std::string_view bytes) { out.output += bytes; });
  EXPECT_TRUE(end);
  if (end) out.end = *end;
  return out;
}

TEST(Process, OutputOfBothStreamsInOrder) {
  const Ran ran = run("echo a; echo b >&2; echo c; exit 5");
  EXPECT_EQ(ran.output, "a\nb\nc\n");
  EXPECT_EQ(ran.end.exit_code, 5);
}

TEST(Process, ReadsNothingAndSeesOnlyItsOwnEnvironment) {
  EXPECT_EQ(run("cat; env | grep -v '^PWD=\\|^_=\\|^OLDPWD=\\|^SHLVL='; pwd").output,
            "PATH=/usr/bin:/bin\n/tmp\n");
}

// Libraries, and whoever started the runner, leave descriptors open that programs would inherit.
TEST(Process, InheritsNoDescriptorButItsOwn) {
  const int left_open = ::open("/etc/passwd", O_RDONLY);
  ASSERT_GE(::dup2(left_open, 77), 0);
  // No pipeline: its ends would be the shell's own for a moment. The glob's directory is closed
  // again by the time the loop runs.
  EXPECT_EQ(run("for d in /proc/$$/fd/*; do [ ! -e $d ] || echo ${d##*/}; done").output,
            "0\n1\n2\n");
  std::string said;
  const Process with_third{{"/bin/sh", "-c", "head -c4 <&3; [ -e /proc/$$/fd/77 ] || echo gone"},
                           {"PATH=/usr/bin:/bin"},
                           "/",
                           left_open};
  EXPECT_TRUE(run_process(with_third, {}, [&](std::string_view bytes) { said += bytes; }));
  EXPECT_EQ(said, "rootgone\n");
  ::close(77);
  ::close(left_open);
}

TEST(Process, AProgramThatClosesItsOutputIsStillWaitedFor) {
  const auto start = steady_clock::now();
  EXPECT_EQ(run("exec >&- 2>&-; sleep 0.3; exit 7").end.exit_code, 7);
  EXPECT_GE(steady_clock::now() - start, milliseconds(250));
}

TEST(Process, LeftoversOfTheGroupAreKilled) {
  run("sleep 86421 & echo done");
  EXPECT_TRUE(test::ends_soon("sleep 86421"));
}

TEST(Process, StopsForEachReason) {
  Watch silent;
  silent.no_output = milliseconds(200);
  EXPECT_EQ(run("echo x; sleep 60", silent).end.reason, EndReason::no_output);
  Watch late;
  late.deadline = steady_clock::now() + milliseconds(200);
  EXPECT_EQ(run("while :; do echo x; done", late).end.reason, EndReason::deadline);
  Watch told;
  told.stop = [] { return true; };
  EXPECT_EQ(run("sleep 60", told).end.reason, EndReason::stopped);
}

TEST(Process, AllOutputArrivesHoweverFastTheEnd) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(run("head -c 200000 /dev/zero").output.size(), 200000u);
}

TEST(Process, WhatCannotBeStartedIsAFailure) {
  const auto end =
      run_process({{"/nonexistent/program"}, {}, "/", {}}, {}, [](std::string_view) {});
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), "process_failed");
  EXPECT_NE(end.error().message.find("/nonexistent/program"), std::string::npos);
}

TEST(Process, CaptureTellsWhatWentWrong) {
  EXPECT_EQ(*capture({{"/bin/echo", "x"}, {}, "/", {}}, {}), "x\n");
  const auto failed = capture({{"/bin/sh", "-c", "echo the reason; exit 2"}, {}, "/", {}}, {});
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("exit code 2"), std::string::npos);
  EXPECT_EQ(failed.error().detail, "the reason\n");
}

TEST(Process, HostEnvironmentHasNoCredential) {
  ::setenv("IMPRIMATUR_RUNNER_TOKEN", "secret", 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
  ::setenv("npm_config_registry", "http://registry.test/", 1);
  bool registry = false;
  for (const std::string& entry : host_environment()) {
    EXPECT_EQ(entry.find("secret"), std::string::npos) << entry;
    registry = registry || entry == "npm_config_registry=http://registry.test/";
  }
  EXPECT_TRUE(registry);
  ::setenv("https_proxy", "http://user:password@proxy.test", 1);
  ::setenv("HTTP_PROXY", "http://proxy.test", 1);
  std::string jobs;
  for (const std::string& entry : network_environment()) jobs += entry + "\n";
  EXPECT_EQ(jobs.find("password"), std::string::npos);
  EXPECT_EQ(jobs.find("npm_config"), std::string::npos);
  EXPECT_NE(jobs.find("HTTP_PROXY=http://proxy.test\n"), std::string::npos);
  ::unsetenv("https_proxy");
  ::unsetenv("HTTP_PROXY");
  ::unsetenv("IMPRIMATUR_RUNNER_TOKEN");
  ::unsetenv("AWS_SECRET_ACCESS_KEY");
  ::unsetenv("npm_config_registry");
}

TEST(Process, FindsPrograms) {
  EXPECT_TRUE(find_program("sh"));
  EXPECT_FALSE(find_program("imprimatur-no-such-program"));
}

}  // namespace
}  // namespace imp::ci::runner
