#include "app/runner_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "app/refusal.h"
#include "base/descriptor.h"
#include "base/error_text.h"

namespace imp::app {

namespace {

/// What the child does between fork and exec: only calls that are safe there.
[[noreturn]] void become(const std::vector<char*>& argv, int input, pid_t parent) {
  // Without the server nobody would ever end it.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(input, STDIN_FILENO);
  // Not every library marks what it opens.
  close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  execv(argv.front(), argv.data());
  _exit(127);
}

std::unexpected<Failure> cannot_start() {
  return refuse(AppRefusal::runner_failed, "The runner cannot be started.", error_text(errno));
}

}  // namespace

Result<pid_t> start_runner_process(const RunnerCommand& command) {
  std::vector<char*> argv;
  for (const std::string& word : command.words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return cannot_start();
  const Descriptor read_end(pipe_ends[0]), write_end(pipe_ends[1]);
  // Far below the pipe's capacity, so this neither blocks nor is cut short; and before the child is
  // there, because a child that has gone would end this process with a signal.
  const std::string line = command.token + "\n";
  if (write(write_end.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    return cannot_start();
  }
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) become(argv, read_end.get(), parent);
  if (child < 0) return cannot_start();
  return child;
}

}  // namespace imp::app
