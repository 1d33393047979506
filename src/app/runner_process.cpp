#include "app/runner_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>

#include "app/refusal.h"

namespace imp::app {

namespace {

/// A stopped runner ends its poll, kills its jobs and reports them; each of these has a limit.
constexpr std::chrono::seconds kPatience{30};

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

}  // namespace

std::string own_path() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error);
}

std::string jobtool_path() {
  const std::filesystem::path beside = std::filesystem::path(own_path()).parent_path() / "circleci";
  std::error_code error;
  return std::filesystem::exists(beside, error) ? beside.string() : std::string();
}

Result<RunnerProcess> RunnerProcess::start(const std::vector<std::string>& arguments,
                                           const std::string& token, Log& log) {
  std::vector<std::string> words = {own_path()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) {
    return refuse(AppRefusal::runner_failed, "The runner cannot be started.", std::strerror(errno));
  }
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) become(argv, pipe_ends[0], parent);
  close(pipe_ends[0]);
  if (child < 0) {
    close(pipe_ends[1]);
    return refuse(AppRefusal::runner_failed, "The runner cannot be started.", std::strerror(errno));
  }
  const std::string line = token + "\n";
  // A token is far below the pipe's capacity, so this neither blocks nor is cut short.
  const bool sent =
      write(pipe_ends[1], line.data(), line.size()) == static_cast<ssize_t>(line.size());
  close(pipe_ends[1]);
  RunnerProcess process(child, log);
  if (!sent) return refuse(AppRefusal::runner_failed, "The runner did not take its token.");
  log.info("runner started", {{"pid", std::int64_t{child}}});
  return process;
}

RunnerProcess::RunnerProcess(RunnerProcess&& other) noexcept
    : child_(std::exchange(other.child_, -1)), log_(other.log_) {}

RunnerProcess::~RunnerProcess() {
  if (child_ < 0) return;
  kill(child_, SIGTERM);
  int status = 0;
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (waitpid(child_, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() >= until) {
      log_->warning("runner killed", {{"reason", "it did not end in time"}});
      kill(child_, SIGKILL);
      waitpid(child_, &status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  log_->info("runner stopped");
}

}  // namespace imp::app
