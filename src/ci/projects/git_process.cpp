#include "ci/projects/git_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error_text.h"
#include "base/spawn_plan.h"
#include "ci/projects/repository.h"

namespace imp::ci {
namespace {

constexpr std::array fixed_environment{"PATH=/usr/local/bin:/usr/bin:/bin",
                                       "HOME=/nonexistent",
                                       "LC_ALL=C",
                                       "GIT_CONFIG_NOSYSTEM=1",
                                       "GIT_CONFIG_GLOBAL=/dev/null",
                                       "GIT_TERMINAL_PROMPT=0",
                                       "GIT_NO_REPLACE_OBJECTS=1"};

std::unexpected<Failure> failed(std::string detail) {
  return refuse(RepositoryRefusal::git_failed,
                "The git program could not be run on the repository.", std::move(detail));
}

}  // namespace

Result<GitPipe> GitPipe::open() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return failed(std::string("pipe2: ") + error_text(errno));
  return GitPipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

Result<GitProcess> GitProcess::start(const GitStart& start) {
  std::vector<char*> arguments{const_cast<char*>("git")};
  for (const std::string& argument : start.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  std::vector<char*> variables;
  variables.reserve(fixed_environment.size() + start.environment.size() + 1);
  for (const char* variable : fixed_environment) variables.push_back(const_cast<char*>(variable));
  for (const std::string& variable : start.environment) {
    variables.push_back(const_cast<char*>(variable.c_str()));
  }
  variables.push_back(nullptr);

  SpawnPlan plan;
  plan.stream(STDIN_FILENO, start.input);
  plan.stream(STDOUT_FILENO, start.output);
  plan.stream(STDERR_FILENO, start.error);
  plan.close_from(STDERR_FILENO + 1);
  pid_t pid = 0;
  const int problem = posix_spawnp(&pid, "git", plan.actions(), plan.attributes(), arguments.data(),
                                   variables.data());
  if (problem != 0) return failed(std::string("posix_spawnp: ") + error_text(problem));
  return GitProcess(pid);
}

GitProcess::~GitProcess() {
  if (pid_ < 0) return;
  kill();
  wait();
}

void GitProcess::kill() const {
  if (pid_ > 0) ::kill(-pid_, SIGKILL);
}

int GitProcess::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace imp::ci
