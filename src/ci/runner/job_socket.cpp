#include "ci/runner/job_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/error_text.h"
#include "ci/runner/job_directories.h"
#include "ci/runner/refusals.h"

namespace imp::ci::runner {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t longest_request = 256 * 1024;
constexpr auto patience = std::chrono::seconds(5);

std::unexpected<Failure> failed(const std::string& what) {
  return refuse(RunnerRefusal::socket_failed, fmt::format("{}: {}.", what, error_text(errno)));
}

/// One line, or nothing when it does not come in time or is too long.
std::optional<std::string> read_line(int connection) {
  std::string out;
  const auto until = SteadyClock::now() + patience;
  while (out.size() <= longest_request) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - SteadyClock::now());
    pollfd entry{connection, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&entry, 1, static_cast<int>(left.count())) <= 0) break;
    char buffer[4096];
    const ssize_t count = ::read(connection, buffer, sizeof buffer);
    if (count <= 0) break;
    out.append(buffer, static_cast<std::size_t>(count));
    const std::size_t end = out.find('\n');
    if (end != std::string::npos) return out.substr(0, end);
  }
  return std::nullopt;
}

void write_all(int connection, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Result<std::unique_ptr<JobSocket>> JobSocket::open(const std::string& directory,
                                                   bool give_to_job_user, Handler handler) {
  Descriptor folder(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return failed(directory + " cannot be opened");
  Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener) return failed("No socket can be made");
  // A socket's path is limited to 107 bytes; through the open directory it is always short.
  const std::string path = fmt::format("/proc/self/fd/{}/job.sock", folder.get());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return failed(directory + "/job.sock cannot be bound");
  }
  if (give_to_job_user && ::fchownat(folder.get(), "job.sock", job_user, job_user, 0) != 0) {
    return failed(directory + "/job.sock cannot be given to the job");
  }
  if (::fchmodat(folder.get(), "job.sock", 0600, 0) != 0 || ::listen(listener.get(), 16) != 0) {
    return failed(directory + "/job.sock cannot be listened at");
  }
  return std::unique_ptr<JobSocket>(new JobSocket(std::move(listener), std::move(handler)));
}

JobSocket::JobSocket(Descriptor listener, Handler handler)
    : listener_(std::move(listener)),
      handler_(std::move(handler)),
      thread_([this](const std::stop_token& ended) { serve(ended); }) {}

JobSocket::~JobSocket() { thread_.request_stop(); }

void JobSocket::serve(const std::stop_token& ended) {
  while (!ended.stop_requested()) {
    pollfd entry{listener_.get(), POLLIN, 0};
    if (::poll(&entry, 1, 100) <= 0) continue;
    Descriptor connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection) {
      answer(connection.get());
    } else {
      // Out of descriptors, most likely: the peer waits, and so does this thread.
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
}

void JobSocket::answer(int connection) {
  // A peer that does not read its answer must not hold the socket.
  const timeval limit{5, 0};
  ::setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const auto line = read_line(connection);
  if (!line) {
    write_all(connection, "error\nthe request is not one line, or came too slowly");
    return;
  }
  auto request = parse_job_request(*line);
  if (!request) {
    write_all(connection, "error\n" + request.error().message);
    return;
  }
  const JobAnswer given = handler_(std::move(*request));
  write_all(connection, (given.granted ? "ok\n" : "error\n") + given.text);
}

}  // namespace imp::ci::runner
