#include "ci/projects/git_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "ci/projects/repository.h"

namespace imp::ci {
namespace {

using Deadline = std::chrono::steady_clock::time_point;
constexpr std::size_t error_limit = 16 * 1024;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    close();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

struct Pipe {
  Descriptor read_end, write_end;
};

bool open_pipe(Pipe& pipe) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  pipe.read_end = Descriptor(ends[0]);
  pipe.write_end = Descriptor(ends[1]);
  return true;
}

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  void read_nothing() {
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  void write_to(int stream, const Pipe& pipe) {
    posix_spawn_file_actions_adddup2(&actions_, pipe.write_end.get(), stream);
  }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

/// Nothing of the server's environment reaches git: neither its configuration nor its secrets.
constexpr std::array environment{"PATH=/usr/local/bin:/usr/bin:/bin",
                                 "HOME=/nonexistent",
                                 "LC_ALL=C",
                                 "GIT_CONFIG_NOSYSTEM=1",
                                 "GIT_CONFIG_GLOBAL=/dev/null",
                                 "GIT_TERMINAL_PROMPT=0",
                                 "GIT_OPTIONAL_LOCKS=0",
                                 "GIT_NO_REPLACE_OBJECTS=1"};

std::unexpected<Failure> failed(std::string detail) {
  return refuse(RepositoryRefusal::git_failed,
                "The git program could not be run on the repository.", std::move(detail));
}

/// Starts git in a process group of its own, so that its helpers can be ended with it.
Result<pid_t> start(const GitCall& call, const Pipe& out, const Pipe& error) {
  std::vector<char*> arguments{const_cast<char*>("git")};
  for (const std::string& argument : call.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  std::vector<char*> variables;
  for (const char* variable : environment) variables.push_back(const_cast<char*>(variable));
  variables.push_back(nullptr);

  SpawnActions actions;
  actions.read_nothing();
  actions.write_to(STDOUT_FILENO, out);
  actions.write_to(STDERR_FILENO, error);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  pid_t pid = 0;
  const int problem =
      posix_spawnp(&pid, "git", actions.get(), &attributes, arguments.data(), variables.data());
  posix_spawnattr_destroy(&attributes);
  if (problem != 0) return failed(std::string("posix_spawnp: ") + std::strerror(problem));
  return pid;
}

enum class ReadEnd { finished, timed_out, too_much };

/// Reads both streams until they end. Errors beyond a limit are dropped, output is a failure.
ReadEnd read_all(const GitCall& call, Pipe& out, Pipe& error, GitOutput& output,
                 Deadline deadline) {
  std::array<char, 64 * 1024> buffer;
  while (out.read_end.get() >= 0 || error.read_end.get() >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return ReadEnd::timed_out;
    std::array<pollfd, 2> waiting{pollfd{out.read_end.get(), POLLIN, 0},
                                  pollfd{error.read_end.get(), POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), static_cast<int>(left.count())) < 0) continue;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      const ssize_t count = ::read(waiting[i].fd, buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) {
        (i == 0 ? out : error).read_end.close();
      } else if (i == 0) {
        output.out.append(buffer.data(), static_cast<std::size_t>(count));
        if (output.out.size() > call.output_limit) return ReadEnd::too_much;
      } else if (output.error.size() < error_limit) {
        output.error.append(buffer.data(), static_cast<std::size_t>(count));
      }
    }
  }
  return ReadEnd::finished;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Result<GitOutput> run_git(const GitCall& call) {
  Pipe out, error;
  if (!open_pipe(out) || !open_pipe(error)) return failed("pipe2");
  const Deadline deadline = std::chrono::steady_clock::now() + call.timeout;
  const auto pid = start(call, out, error);
  if (!pid) return pass_on(pid);
  out.write_end.close();
  error.write_end.close();

  GitOutput output;
  const ReadEnd end = read_all(call, out, error, output, deadline);
  if (end != ReadEnd::finished) ::kill(-*pid, SIGKILL);
  output.exit_code = wait_for(*pid);
  if (end == ReadEnd::timed_out) return failed("git did not end in time");
  if (end == ReadEnd::too_much) {
    return refuse(RepositoryRefusal::file_too_large,
                  "What was asked of the repository is larger than the limit.");
  }
  return output;
}

}  // namespace imp::ci
