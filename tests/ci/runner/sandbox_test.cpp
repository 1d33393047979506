#include "ci/runner/sandbox.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/uuid.h"
#include "ci/runner/held_directory.h"
#include "ci/runner/job_environment.h"
#include "ci/runner/support.h"

namespace imp::ci::runner {
namespace {

using test::Said;
using test::TemporaryDirectory;

struct Place {
  TemporaryDirectory directory;
  Sandbox sandbox;
  std::vector<NamedValue> environment = base_environment();

  Said run(const std::string& script, Watch watch = {}) const {
    const auto directories = JobDirectories::make(directory.path() + "/work", new_uuid(),
                                                  sandbox.confinement == Confinement::other_user);
    Said out;
    EXPECT_TRUE(directories) << directories.error().message;
    if (!directories) return out;
    if (watch.deadline == Watch::SteadyTime::max()) {
      watch.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    }
    const auto end = run_sandboxed(
        sandbox, *directories,
        {{"/bin/bash", "-c", script}, environment, std::string(job_home) + "/project", ""}, watch,
        [&](std::string_view bytes) { out.output += bytes; });
    EXPECT_TRUE(end) << end.error().message;
    if (end) out.exit_code = end->exit_code;
    return out;
  }
};

/// Both ways to lose rights are tried: as root the second one too, though a runner would not use
/// it.
class SandboxTest : public test::WithSandbox, public ::testing::WithParamInterface<Confinement> {
 protected:
  void SetUp() override {
    WithSandbox::SetUp();
    if (IsSkipped()) return;
    place.sandbox = *test::working_sandbox();
    if (GetParam() == Confinement::other_user && ::geteuid() != 0) {
      GTEST_SKIP() << "only root can become another user";
    }
    place.sandbox.confinement = GetParam();
  }

  Place place;
};

INSTANTIATE_TEST_SUITE_P(Both, SandboxTest,
                         ::testing::Values(Confinement::other_user, Confinement::user_namespace),
                         [](const auto& info) {
                           return info.param == Confinement::other_user ? "OtherUser"
                                                                        : "UserNamespace";
                         });

TEST_P(SandboxTest, RunsAsTheJobsUserInItsHome) {
  const Said said = place.run("id -un; id -u; echo $HOME; pwd; touch ~/x /tmp/y && echo written");
  EXPECT_EQ(said.output, "circleci\n3434\n/home/circleci\n/home/circleci/project\nwritten\n");
  EXPECT_EQ(said.exit_code, 0);
}

TEST_P(SandboxTest, HasNoRightsAndCannotGetThem) {
  const Said said =
      place.run("grep -E '^(CapInh|CapPrm|CapEff|CapAmb|NoNewPrivs)' /proc/self/status");
  EXPECT_EQ(said.output,
            "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
            "CapAmb:\t0000000000000000\nNoNewPrivs:\t1\n");
  const Said attempts = place.run(
      "circleci internal launch 0 64 / -- id -u </dev/null 3</dev/null; echo $?;"
      "mount -t tmpfs none /tmp 2>/dev/null; echo $?; chown 0 /tmp 2>/dev/null; echo $?");
  EXPECT_EQ(attempts.output.find("\n0\n"), std::string::npos) << attempts.output;
}

TEST_P(SandboxTest, TheHostIsReadOnly) {
  const Said said = place.run(
      "for d in / /usr /usr/bin /etc /opt /run /run/imprimatur /run/imprimatur/bin /var /home; do "
      "touch $d/imp-was-here 2>/dev/null && echo wrote $d; done; echo done");
  EXPECT_EQ(said.output, "done\n");
}

TEST_P(SandboxTest, ForeignHomesDataAndSocketsAreNotThere) {
  const Said said = place.run(
      "ls -A /root /srv /mnt /media /boot /old_root /work 2>/dev/null; ls -A /home /run; "
      "ls /var/run/docker.sock /run/docker.sock /run/podman 2>/dev/null; cat /etc/shadow "
      "2>/dev/null | head -c 4; ls -A /var");
  EXPECT_EQ(said.output.find("root:"), std::string::npos);
  // The resolver's own directory is the one thing of /run that a host may share.
  std::string seen = said.output;
  if (const auto at = seen.find("systemd\n"); at != std::string::npos) seen.erase(at, 8);
  if (GetParam() == Confinement::other_user) {
    EXPECT_EQ(seen, "/home:\ncircleci\n\n/run:\nimprimatur\nrun\ntmp\n");
  } else {
    // Run by root, this confinement keeps root's view of files; a runner would not choose it then.
    EXPECT_TRUE(seen.starts_with("/home:\ncircleci\n\n/run:\nimprimatur\n")) << seen;
  }
}

TEST_P(SandboxTest, TheServersDataIsInvisibleWhereverItIs) {
  // Below a directory that is shown on purpose, as an operator could place it.
  const std::string shown = place.directory.path() + "/shown";
  const std::string data = shown + "/data";
  std::filesystem::create_directories(data);
  test::write_file(data + "/imprimatur.db", "the-master-key");
  test::write_file(shown + "/settings.yml", "password");
  test::write_file(shown + "/tool", "useful");
  std::filesystem::create_directory_symlink(data, place.directory.path() + "/link");
  for (const char* path : {"", "/shown", "/shown/data"}) {
    ::chmod((place.directory.path() + path).c_str(), 0755);
  }
  place.sandbox.readable_paths = {shown};
  // Named through a link: it is the place that is hidden, not the name.
  place.sandbox.hidden_paths = {place.directory.path() + "/link", shown + "/settings.yml"};
  const Said said = place.run("cat " + shown + "/tool; ls -A " + data + "; cat " + data +
                              "/imprimatur.db " + shown + "/settings.yml " +
                              place.directory.path() + "/link/imprimatur.db 2>/dev/null");
  EXPECT_EQ(said.output, "useful");
}

TEST_P(SandboxTest, OtherJobsAreInvisible) {
  const std::string other = place.directory.path() + "/work/other";
  std::filesystem::create_directories(other);
  test::write_file(other + "/secret", "s");
  EXPECT_EQ(place.run("ls " + other + " 2>/dev/null; echo $?").output, "2\n");
}

TEST_P(SandboxTest, TheEnvironmentIsExactlyWhatWasGiven) {
  ::setenv("IMPRIMATUR_RUNNER_TOKEN", "must-not-leak", 1);
  place.environment = {{"PATH", "/usr/bin:/bin"}, {"MULTI", "a\nb = c"}, {"EMPTY", ""}};
  const Said said = place.run("env -0 | sort -z | tr '\\0' '|'");
  EXPECT_EQ(said.output,
            "EMPTY=|MULTI=a\nb = c|PATH=/usr/bin:/bin|"
            "PWD=/home/circleci/project|SHLVL=1|_=/usr/bin/env|");
  ::unsetenv("IMPRIMATUR_RUNNER_TOKEN");
}

TEST_P(SandboxTest, NoProcessOfTheHostShows) {
  const Said said = place.run(
      "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'; "
      "ls -d /proc/[0-9]* | wc -l; kill -0 " +
      std::to_string(::getpid()) + " 2>/dev/null && echo reached");
  EXPECT_EQ(said.output.find("IMPRIMATUR"), std::string::npos);
  EXPECT_EQ(said.output.find("reached"), std::string::npos);
}

// The values of the job's variables must not be on any command line that the host's users can list.
TEST_P(SandboxTest, ValuesAreNotInTheHostsProcessList) {
  place.environment.push_back({"TOKEN", "very-secret-value"});
  std::string seen;
  Watch watch;
  watch.stop = [&] {
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const std::string name = entry.path().filename().string();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      seen += test::read_file(entry.path().string() + "/cmdline");
    }
    return false;
  };
  place.run("sleep 0.3", watch);
  EXPECT_NE(seen.find("bwrap"), std::string::npos) << "the check saw nothing";
  EXPECT_EQ(seen.find("very-secret-value"), std::string::npos);
}

// A variable that steers the dynamic linker must act on the job's programs only: bubblewrap and the
// launcher still have rights when they start.
TEST_P(SandboxTest, LinkerVariablesDoNotReachTheLauncher) {
  place.environment.push_back({"LD_PRELOAD", "/nonexistent/evil.so"});
  place.environment.push_back({"BASH_ENV", "/dev/stdin"});
  place.environment.push_back({"ENV", "/dev/stdin"});
  const Said said = place.run("echo ran");
  EXPECT_NE(said.output.find("ran\n"), std::string::npos);
  EXPECT_EQ(said.output.find("bwrap"), std::string::npos);
  EXPECT_EQ(said.output.find("circleci"), std::string::npos);
}

TEST_P(SandboxTest, LeftoverProcessesEndWithTheirStep) {
  const std::string mark = "98" + std::to_string(::getpid());
  const Said said = place.run("setsid sleep " + mark + " >/dev/null 2>&1 & disown; echo gone");
  EXPECT_EQ(said.output, "gone\n");
  EXPECT_TRUE(test::ends_soon("sleep " + mark));
}

TEST_P(SandboxTest, AJobCannotTakeTheWholeMachine) {
  place.sandbox.processes = 64;
  EXPECT_EQ(place.run("ulimit -u; ulimit -c; cat /proc/self/oom_score_adj").output,
            "64\n0\n1000\n");
  // A limit that the job cannot take back.
  EXPECT_NE(place.run("ulimit -u 65 2>/dev/null; ulimit -u").output, "65\n");
  if (GetParam() == Confinement::user_namespace && ::geteuid() == 0) return;  // root is not counted
  // A shell would try again for a minute.
  const Said said = place.run(
      "perl -e 'for (1..100) { my $p = fork; defined $p or do { print \"refused\"; exit }; "
      "if (!$p) { sleep 100; exit } } print \"unlimited\"'");
  EXPECT_EQ(said.output, "refused");
}

TEST_P(SandboxTest, WithoutNetworkThereIsOnlyLoopback) {
  place.sandbox.network = false;
  EXPECT_EQ(place.run("grep -c : /proc/net/dev; grep -c lo: /proc/net/dev").output, "1\n1\n");
}

TEST_P(SandboxTest, DirectoriesThatCannotBeMadeSaySo) {
  const auto directories =
      JobDirectories::make(place.directory.path() + "/work", new_uuid(),
                           place.sandbox.confinement == Confinement::other_user);
  ASSERT_TRUE(directories);
  std::string said;
  const auto end =
      run_sandboxed(place.sandbox, *directories, {{"/bin/true"}, {}, "/usr/share/x", ""}, {},
                    [&](std::string_view bytes) { said += bytes; });
  ASSERT_TRUE(end);
  EXPECT_EQ(end->exit_code, 126);
  EXPECT_NE(said.find("cannot make the directory /usr/share/x"), std::string::npos) << said;
}

TEST(SandboxProbe, SaysWhatIsMissing) {
  Sandbox sandbox;
  sandbox.confinement = Confinement::user_namespace;
  sandbox.bubblewrap = "/nonexistent/bwrap";
  sandbox.jobtool = test::jobtool_path();
  const TemporaryDirectory directory;
  const auto missing = probe(sandbox, directory.path());
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("/nonexistent/bwrap"), std::string::npos);

  sandbox.bubblewrap = "/bin/false";
  const auto broken = probe(sandbox, directory.path());
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code(), "sandbox_unavailable");
  EXPECT_NE(broken.error().message.find("unprivileged_userns_clone"), std::string::npos);

  sandbox.jobtool = "/nonexistent/circleci";
  EXPECT_EQ(probe(sandbox, directory.path()).error().code(), "sandbox_unavailable");
}

TEST(HeldDirectory, OnlyWhatNobodyHoldsIsSweptAway) {
  const TemporaryDirectory directory;
  const std::string work = directory.path() + "/work";
  const auto held = JobDirectories::make(work, "held", false);
  ASSERT_TRUE(held);
  // As a killed runner leaves it.
  std::filesystem::create_directories(work + "/left/home/project");
  test::write_file(work + "/left/home/.npmrc", "secret");
  EXPECT_EQ(sweep(work), 1U);
  EXPECT_FALSE(std::filesystem::exists(work + "/left"));
  EXPECT_TRUE(std::filesystem::exists(held->home()));
  EXPECT_EQ(sweep(directory.path() + "/nothing"), 0U);
}

TEST(JobDirectories, RemovesWhatAJobMadeAndNothingElse) {
  const TemporaryDirectory directory;
  const std::string outside = directory.path() + "/outside";
  std::filesystem::create_directory(outside);
  test::write_file(outside + "/keep", "k");
  {
    const auto made = JobDirectories::make(directory.path() + "/work", "j", false);
    ASSERT_TRUE(made);
    std::filesystem::create_directory_symlink(outside, made->home() + "/link");
    std::filesystem::create_directories(made->home() + "/locked/inner");
    ::chmod((made->home() + "/locked").c_str(), 0500);
  }
  EXPECT_TRUE(std::filesystem::exists(outside + "/keep"));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path() + "/work"));
}

}  // namespace
}  // namespace imp::ci::runner
