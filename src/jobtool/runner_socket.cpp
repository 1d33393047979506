#include "jobtool/runner_socket.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error_text.h"

namespace imp::jobtool {

namespace {

std::string quoted(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

Answer refused(std::string text) { return {false, std::move(text)}; }

Answer read_answer(int connection) {
  std::string all;
  char buffer[4096];
  for (;;) {
    const ssize_t count = ::read(connection, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      return refused(std::string("the runner's answer was lost: ") + error_text(errno));
    if (count == 0) break;
    all.append(buffer, static_cast<std::size_t>(count));
  }
  if (all.starts_with("ok\n")) return {true, all.substr(3)};
  if (all.starts_with("error\n")) return refused(all.substr(6));
  return refused("the runner closed the connection without an answer");
}

}  // namespace

void Request::add_key(std::string_view key) {
  if (!members_.empty()) members_ += ',';
  members_ += quoted(key);
  members_ += ':';
}

void Request::add(std::string_view key, std::string_view value) {
  add_key(key);
  members_ += quoted(value);
}

void Request::add(std::string_view key, bool value) {
  add_key(key);
  members_ += value ? "true" : "false";
}

Answer ask_runner(const Request& request) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  const char* path = std::getenv("CIRCLE_INTERNAL_SOCKET");
  if (path == nullptr || *path == '\0') {
    return refused("not inside a job: CIRCLE_INTERNAL_SOCKET is not set");
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(path);
  if (length >= sizeof address.sun_path) {
    return refused("CIRCLE_INTERNAL_SOCKET is too long to be a socket's path");
  }
  std::memcpy(address.sun_path, path, length + 1);
  const int connection = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0 ||
      ::connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    Answer answer =
        refused(std::string("cannot reach the runner at ") + path + ": " + error_text(errno));
    if (connection >= 0) ::close(connection);
    return answer;
  }
  const std::string line = request.line();
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::send(connection, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) break;  // The runner answered early, and says why below.
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  Answer answer = read_answer(connection);
  ::close(connection);
  return answer;
}

}  // namespace imp::jobtool
