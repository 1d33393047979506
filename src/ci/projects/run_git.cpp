#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "ci/projects/git_process.h"
#include "ci/projects/repository.h"

namespace imp::ci {
namespace {

using Deadline = std::chrono::steady_clock::time_point;
constexpr std::size_t error_limit = 16 * 1024;

enum class ReadEnd { finished, timed_out, too_much };

/// Reads both streams until they end. Errors beyond a limit are dropped, output is a failure.
ReadEnd read_all(const GitCall& call, Descriptor out, Descriptor error, GitOutput& output,
                 Deadline deadline) {
  std::array<char, 64 * 1024> buffer;
  while (out || error) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return ReadEnd::timed_out;
    std::array<pollfd, 2> waiting{pollfd{out.get(), POLLIN, 0}, pollfd{error.get(), POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), static_cast<int>(left.count())) < 0) continue;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      const ssize_t count = ::read(waiting[i].fd, buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) {
        (i == 0 ? out : error).reset();
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

}  // namespace

Result<GitOutput> run_git(const GitCall& call) {
  auto out = GitPipe::open(), error = GitPipe::open();
  if (!out) return pass_on(out);
  if (!error) return pass_on(error);
  const Deadline deadline = std::chrono::steady_clock::now() + call.timeout;
  auto git = GitProcess::start({.arguments = call.arguments,
                                .environment = {"GIT_OPTIONAL_LOCKS=0"},
                                .output = out->write_end.get(),
                                .error = error->write_end.get()});
  if (!git) return pass_on(git);
  out->write_end.reset();
  error->write_end.reset();

  GitOutput output;
  const ReadEnd end =
      read_all(call, std::move(out->read_end), std::move(error->read_end), output, deadline);
  if (end == ReadEnd::timed_out) {
    return refuse(RepositoryRefusal::git_failed, "The git program took too long.", "timeout");
  }
  if (end == ReadEnd::too_much) {
    return refuse(RepositoryRefusal::file_too_large,
                  "What was asked of the repository is larger than the limit.");
  }
  output.exit_code = git->wait();
  return output;
}

}  // namespace imp::ci
