#include "http/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <utility>

namespace imp::http::test {

RawClient::RawClient(std::uint16_t port) {
  descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect");
  }
  const timeval patience{10, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

RawClient::~RawClient() { close(); }

void RawClient::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void RawClient::reset_on_close() {
  const linger now{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::fill() {
  char piece[64 * 1024];
  const ssize_t size = ::recv(descriptor_, piece, sizeof piece, 0);
  if (size <= 0) return false;
  buffer_.append(piece, static_cast<std::size_t>(size));
  return true;
}

bool RawClient::receives(std::string_view text) {
  while (buffer_.find(text) == std::string::npos) {
    if (!fill()) return false;
  }
  return true;
}

RawAnswer RawClient::read(bool head) {
  RawAnswer answer;
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return answer;
  }
  std::string lines = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  answer.status = std::stoi(lines.substr(9, 3));
  for (std::size_t at = lines.find("\r\n") + 2; at < lines.size();) {
    const std::size_t stop = lines.find("\r\n", at);
    const std::string line = lines.substr(at, stop - at);
    at = stop + 2;
    std::string name = line.substr(0, line.find(':'));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    std::string& value = answer.headers[name];
    if (!value.empty()) value += ", ";
    value += line.substr(name.size() + 2);
  }
  if (head || answer.status == 204 || answer.status == 304 || answer.status < 200) {
    answer.complete = true;
    return answer;
  }
  if (answer.header("transfer-encoding") == "chunked") {
    while (true) {
      std::size_t line = 0;
      while ((line = buffer_.find("\r\n")) == std::string::npos) {
        if (!fill()) return answer;
      }
      const std::size_t size = std::stoul(buffer_.substr(0, line), nullptr, 16);
      while (buffer_.size() < line + 2 + size + 2) {
        if (!fill()) return answer;
      }
      answer.body += buffer_.substr(line + 2, size);
      buffer_.erase(0, line + 2 + size + 2);
      if (size == 0) break;
    }
    answer.complete = true;
    return answer;
  }
  if (!answer.headers.contains("content-length")) {
    while (fill()) {
    }
    answer.body = std::exchange(buffer_, {});
    answer.complete = true;
    return answer;
  }
  const std::size_t length = std::stoul(answer.header("content-length"));
  while (buffer_.size() < length) {
    if (!fill()) {
      answer.body = buffer_;
      return answer;
    }
  }
  answer.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  answer.complete = true;
  return answer;
}

RawAnswer RawClient::ask(std::string_view bytes, bool head) {
  send(bytes);
  return read(head);
}

bool RawClient::closed_within(int milliseconds) {
  pollfd wait{descriptor_, POLLIN, 0};
  if (!buffer_.empty() || ::poll(&wait, 1, milliseconds) != 1) return false;
  char byte = 0;
  return ::recv(descriptor_, &byte, 1, 0) <= 0;
}

bool RawClient::silent_for(int milliseconds) {
  pollfd wait{descriptor_, POLLIN, 0};
  return buffer_.empty() && ::poll(&wait, 1, milliseconds) == 0;
}

std::string get(std::string_view target, std::string_view more_headers) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: registry.test\r\n" +
         std::string(more_headers) + "\r\n";
}

}  // namespace imp::http::test
