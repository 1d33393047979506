#include "http/listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "http/http_refusal.h"

namespace imp::http {

namespace {

struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes); }
};

std::unexpected<Failure> cannot_listen(const std::string& address, std::uint16_t port,
                                       const std::string& why) {
  return refuse(HttpRefusal::listen_failed,
                fmt::format("Cannot listen on {} port {}: {}.", address, port, why));
}

Result<SocketAddress> resolve(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int outcome = ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (outcome != 0) return cannot_listen(address, port, ::gai_strerror(outcome));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, ::freeaddrinfo);
  SocketAddress resolved;
  std::memcpy(&resolved.bytes, list->ai_addr, list->ai_addrlen);
  resolved.size = list->ai_addrlen;
  return resolved;
}

/// A bound, listening socket, or -1 with errno set.
int listen_on(const SocketAddress& address, bool shared) {
  const int descriptor =
      ::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  if (descriptor < 0) return -1;
  const int on = 1, off = 0;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shared) ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (address.bytes.ss_family == AF_INET6) {
    // "::" listens for IPv4 too.
    ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (::bind(descriptor, address.get(), address.size) == 0 &&
      ::listen(descriptor, SOMAXCONN) == 0) {
    return descriptor;
  }
  const int error = errno;
  ::close(descriptor);
  errno = error;
  return -1;
}

std::uint16_t port_of(const sockaddr_storage& address) {
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

}  // namespace

Result<Listeners> open_listeners(const std::string& address, std::uint16_t port, unsigned count) {
  auto target = resolve(address, port);
  if (!target) return pass_on(target);
  if (port != 0) {
    // Sockets that share a port would let a second server start beside the first and take half of
    // its connections; a socket that does not share finds out.
    const int probe = listen_on(*target, false);
    if (probe < 0) return cannot_listen(address, port, std::system_category().message(errno));
    ::close(probe);
  }
  Listeners listeners;
  for (unsigned i = 0; i < count; ++i) {
    const int descriptor = listen_on(*target, true);
    if (descriptor < 0) {
      const std::string why = std::system_category().message(errno);
      for (const int opened : listeners.descriptors) ::close(opened);
      return cannot_listen(address, port, why);
    }
    listeners.descriptors.push_back(descriptor);
    // With port 0, the others join the port that the first one was given.
    ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&target->bytes), &target->size);
  }
  listeners.port = port_of(target->bytes);
  return listeners;
}

}  // namespace imp::http
