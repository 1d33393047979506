#include "http/io_thread.h"

#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <memory>
#include <random>
#include <string_view>

#include "http/connection.h"
#include "http/exchange.h"
#include "http/response_head.h"

namespace imp::http {

namespace {

constexpr int kAcceptsAtOnce = 64;
constexpr Milliseconds kAcceptPause{100};

/// The answer to a connection beyond the limit, whatever it sends.
std::string too_many_connections() {
  const std::string_view body =
      R"({"error":"Too many connections.","message":"Too many connections.","code":"overloaded"})";
  std::string answer;
  append_status_line(answer, 503);
  append_headers(
      answer,
      {{"content-type", "application/json"}, {"cache-control", "no-store"}, {"retry-after", "1"}});
  append_header(answer, "content-length", std::to_string(body.size()));
  append_header(answer, "connection", "close");
  return answer.append("\r\n").append(body);
}

void refuse_connection(int descriptor) {
  const std::string answer = too_many_connections();
  ::send(descriptor, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  // Closing with unread bytes would reset the connection and destroy the answer on its way.
  ::shutdown(descriptor, SHUT_WR);
  std::array<char, 4096> dropped;
  for (int i = 0; i < 16; ++i) {
    if (::recv(descriptor, dropped.data(), dropped.size(), MSG_DONTWAIT) <= 0) break;
  }
}

std::string random_prefix() {
  static constexpr std::string_view letters = "abcdefghijkmnpqrstuvwxyz23456789";
  std::random_device random;
  std::string prefix;
  for (int i = 0; i < 5; ++i) prefix += letters[random() % letters.size()];
  return prefix;
}

Steady::duration sweep_period(const ServerOptions& options) {
  const auto shortest =
      std::min({options.head_timeout, options.idle_timeout, options.body_stall_timeout});
  return std::clamp(shortest / 4, Milliseconds(5), Milliseconds(500));
}

}  // namespace

IoThread::IoThread(ServerContext& server, int listener, asio::ssl::context* tls)
    : server_(server),
      tls_(tls),
      guard_(context_.get_executor()),
      acceptor_(context_.get_executor()),
      sweep_timer_(context_.get_executor()),
      accept_pause_(context_.get_executor()),
      stats_(server.metrics),
      sweep_period_(sweep_period(server.options)),
      id_prefix_(random_prefix()) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&bound), &size);
  acceptor_.assign(bound.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(),
                   listener);
}

IoThread::~IoThread() = default;

void IoThread::start() {
  wait_for_connections();
  next_flush_ = Steady::now();
  schedule_sweep();
  thread_ = std::thread([this] {
    // sendfile() has no flag against the signal; blocked on this thread, it is only an EPIPE.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    context_.run();
    stats_.flush();
  });
}

void IoThread::stop() {
  asio::post(context_, [this] {
    ErrorCode ignored;
    acceptor_.close(ignored);
    accept_pause_.cancel();
    for (Connection* connection : connections_) connection->stop();
  });
}

void IoThread::abort() {
  asio::post(context_, [this] {
    for (Connection* connection : connections_) connection->abort();
  });
}

void IoThread::join() {
  asio::post(context_, [this] {
    sweep_timer_.cancel();
    guard_.reset();
  });
  if (thread_.joinable()) thread_.join();
}

void IoThread::add(Connection& connection) {
  connections_.insert(&connection);
  ++server_.connections;
}

void IoThread::remove(Connection& connection) {
  connections_.erase(&connection);
  --server_.connections;
}

const std::string& IoThread::date(Time now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (second != date_second_ || date_.empty()) {
    date_second_ = second;
    date_ = http_date(now);
  }
  return date_;
}

std::string IoThread::next_request_id() {
  std::array<char, 15> id{};
  std::ranges::copy(id_prefix_, id.begin());
  std::uint64_t rest = ++id_counter_;
  for (std::size_t i = id.size(); i > id_prefix_.size(); --i, rest >>= 4) {
    id[i - 1] = "0123456789abcdef"[rest & 15];
  }
  return {id.data(), id.size()};
}

void IoThread::wait_for_connections() {
  acceptor_.async_wait(Acceptor::wait_read, [this](const ErrorCode& error) {
    if (error || !acceptor_.is_open()) return;
    accept_all();
  });
}

void IoThread::accept_all() {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    // accept4, because runners and git are started from this process and must not inherit sockets.
    const int descriptor = ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&from),
                                     &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        return pause_accepting();
      }
      break;
    }
    const auto peer = Address::of(reinterpret_cast<const sockaddr*>(&from));
    if (!peer || server_.connections >= server_.options.connection_limit) {
      if (tls_ == nullptr) refuse_connection(descriptor);
      ::close(descriptor);
      server_.metrics.count("http_rejected_total", {{"reason", "connections"}});
      continue;
    }
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    TcpSocket socket(context_.get_executor());
    ErrorCode failed;
    socket.assign(from.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(),
                  descriptor, failed);
    if (failed) {
      ::close(descriptor);
      continue;
    }
    socket.non_blocking(true, failed);
    serve(std::make_shared<Connection>(*this, std::move(socket), *peer));
  }
  wait_for_connections();
}

void IoThread::pause_accepting() {
  server_.log.warning("accept paused", {{"reason", std::string("out of descriptors or memory")}});
  accept_pause_.expires_after(kAcceptPause);
  accept_pause_.async_wait([this](const ErrorCode& error) {
    if (!error && acceptor_.is_open()) wait_for_connections();
  });
}

void IoThread::schedule_sweep() {
  sweep_timer_.expires_after(sweep_period_);
  sweep_timer_.async_wait([this](const ErrorCode& error) {
    // join() may come when this has been queued and cannot be cancelled any more: another round of
    // the timer would keep the thread for ever.
    if (error || !guard_.owns_work()) return;
    sweep();
    schedule_sweep();
  });
}

void IoThread::sweep() {
  const auto now = Steady::now();
  for (Connection* connection : connections_) connection->sweep(now);
  if (now < next_flush_) return;
  next_flush_ = now + std::chrono::seconds(1);
  stats_.flush();
  server_.metrics.set("http_open_connections", static_cast<double>(server_.connections));
}

}  // namespace imp::http
