#include "http/connection.h"

#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>

namespace imp::http {

namespace {

constexpr auto use_tuple = asio::as_tuple(UseAwaitable{});
constexpr std::size_t kFileStep = 1 << 20;
constexpr std::size_t kTlsRecord = 16 * 1024;
constexpr Milliseconds kLinger{2000};

std::array<asio::const_buffer, 3> buffers(const std::array<std::string_view, 3>& pieces) {
  return {asio::const_buffer(pieces[0].data(), pieces[0].size()),
          asio::const_buffer(pieces[1].data(), pieces[1].size()),
          asio::const_buffer(pieces[2].data(), pieces[2].size())};
}

/// Drops what was sent from the front; true when nothing is left.
bool advance(std::array<std::string_view, 3>& pieces, std::size_t sent) {
  bool empty = true;
  for (std::string_view& piece : pieces) {
    const std::size_t part = std::min(sent, piece.size());
    piece.remove_prefix(part);
    sent -= part;
    empty = empty && piece.empty();
  }
  return empty;
}

}  // namespace

Connection::Connection(IoThread& thread, TcpSocket socket, const Address& peer)
    : thread_(thread),
      socket_(std::move(socket)),
      peer_(peer),
      peer_text_(peer.text()),
      input_(std::max<std::size_t>(thread.server().options.head_limit, 64 * 1024)) {
  if (thread.tls() != nullptr) tls_.emplace(socket_, *thread.tls());
  thread_.add(*this);
}

Connection::~Connection() { thread_.remove(*this); }

Awaitable<bool> Connection::handshake() {
  set_deadline(server().options.head_timeout);
  set_idle(true);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, use_tuple);
  set_idle(false);
  co_return !error;
}

Awaitable<bool> Connection::read() {
  if (gone_) co_return false;
  if (watching_) {
    // The read that watches the client is still out; it brings the bytes.
    while (watching_) co_await sleep_until(Steady::time_point::max());
    co_return !gone_ && !expired_;
  }
  const auto room = input_.prepare();
  const auto space = asio::buffer(room.data(), room.size());
  if (tls_) {
    const auto [error, size] = co_await tls_->async_read_some(space, use_tuple);
    co_return took(error, size);
  }
  const auto [error, size] = co_await socket_.async_read_some(space, use_tuple);
  co_return took(error, size);
}

bool Connection::took(const ErrorCode& error, std::size_t size) {
  // After a deadline the client is still there, and is told so.
  if (error) gone_ = gone_ || !expired_;
  input_.commit(error ? 0 : size);
  return !error;
}

Awaitable<bool> Connection::write(std::array<std::string_view, 3> pieces) {
  if (!tls_) {
    // Mostly the socket takes everything at once, and no round through the scheduler is needed.
    ErrorCode error;
    const std::size_t sent = socket_.write_some(buffers(pieces), error);
    if (error && error != asio::error::would_block) co_return false;
    if (advance(pieces, sent)) co_return true;
  }
  co_return co_await write_rest(pieces);
}

Awaitable<bool> Connection::write_rest(std::array<std::string_view, 3> pieces) {
  while (true) {
    set_deadline(server().options.body_stall_timeout);
    if (!tls_) {
      const auto [error, sent] = co_await socket_.async_write_some(buffers(pieces), use_tuple);
      if (error) co_return false;
      if (advance(pieces, sent)) break;
      continue;
    }
    record_.clear();
    for (const std::string_view piece : pieces) {
      record_ += piece.substr(0, kTlsRecord - record_.size());
    }
    const auto [error, sent] = co_await tls_->async_write_some(asio::buffer(record_), use_tuple);
    if (error) co_return false;
    if (advance(pieces, sent)) break;
  }
  clear_deadline();
  co_return true;
}

Awaitable<bool> Connection::write_file(std::string_view head, const FileBody& file) {
  off_t offset = static_cast<off_t>(file.offset);
  std::uint64_t left = file.size;
  if (tls_) {
    if (!co_await write({head, {}, {}})) co_return false;
    std::string piece;
    while (left > 0) {
      piece.resize(std::min<std::uint64_t>(left, 64 * 1024));
      const ssize_t size = ::pread(*file.descriptor, piece.data(), piece.size(), offset);
      if (size <= 0) co_return false;
      piece.resize(static_cast<std::size_t>(size));
      if (!co_await write({piece, {}, {}})) co_return false;
      offset += size;
      left -= static_cast<std::uint64_t>(size);
    }
    co_return true;
  }
  // The head waits for the file's first bytes, so that both leave in one segment.
  ErrorCode error;
  const std::size_t sent = socket_.send(asio::buffer(head), left > 0 ? MSG_MORE : 0, error);
  if (error && error != asio::error::would_block) co_return false;
  if (sent < head.size()) {
    const bool written = co_await write({head.substr(sent), {}, {}});
    if (!written) co_return false;
  }
  std::size_t since_yield = 0;
  while (left > 0) {
    const ssize_t size = ::sendfile(socket_.native_handle(), *file.descriptor, &offset,
                                    std::min<std::uint64_t>(left, kFileStep));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) {
      set_deadline(server().options.body_stall_timeout);
      const auto [failed] = co_await socket_.async_wait(TcpSocket::wait_write, use_tuple);
      if (failed) co_return false;
      since_yield = 0;
      continue;
    }
    if (size <= 0) co_return false;  // the client went, or the file is shorter than it was
    left -= static_cast<std::uint64_t>(size);
    since_yield += static_cast<std::size_t>(size);
    if (since_yield >= kFileStep && left > 0) {
      // A client that takes everything at once must not keep the thread from the others.
      co_await asio::post(thread_.executor(), UseAwaitable{});
      since_yield = 0;
    }
  }
  clear_deadline();
  co_return true;
}

Awaitable<void> Connection::linger() {
  ErrorCode ignored;
  if (server().stopping) co_return;
  socket_.shutdown(TcpSocket::shutdown_send, ignored);
  set_deadline(kLinger);
  while (!expired_) {
    input_.consume(input_.view().size());
    if (!co_await read()) co_return;
  }
}

Awaitable<void> Connection::close_politely() {
  // TLS says goodbye and waits for the client's, which a stopping server has no time for: every
  // answer but an HTTP/1.0 stream tells its own length.
  if (!tls_ || gone_ || watching_ || server().stopping) co_return;
  set_deadline(kLinger);
  co_await tls_->async_shutdown(use_tuple);
}

void Connection::set_deadline(Milliseconds span) {
  deadline_ = Steady::now() + span;
  expired_ = false;
}

void Connection::clear_deadline() {
  deadline_ = Steady::time_point::max();
  expired_ = false;
}

void Connection::watch_client() {
  if (watching_ || gone_ || input_.full()) return;
  watching_ = true;
  auto seen = [self = shared_from_this()](const ErrorCode& error, std::size_t size) {
    self->watching_ = false;
    self->took(error, size);
    self->wake();
  };
  const auto room = input_.prepare();
  const auto space = asio::buffer(room.data(), room.size());
  if (tls_) {
    tls_->async_read_some(space, std::move(seen));
  } else {
    socket_.async_read_some(space, std::move(seen));
  }
}

Awaitable<void> Connection::sleep_until(Steady::time_point time) {
  if (!woken_) {
    if (!timer_) timer_.emplace(thread_.executor());
    timer_->expires_at(time);
    co_await timer_->async_wait(use_tuple);
  }
  woken_ = false;
}

void Connection::wake() {
  woken_ = true;
  if (timer_) timer_->cancel();
}

Awaitable<bool> Connection::sleep_on(std::string topic, std::uint64_t since,
                                     Steady::time_point until) {
  // Shared with the callback's message to this thread, which may still be on its way afterwards.
  const auto notified = std::make_shared<bool>(false);
  std::unique_ptr<Waiters::Subscription> subscription;
  if (!topic.empty()) {
    auto tell = [self = weak_from_this(), notified, executor = thread_.executor()] {
      asio::post(executor, [self, notified] {
        *notified = true;
        if (const auto connection = self.lock()) connection->wake();
      });
    };
    subscription = server().waiters.subscribe(std::move(topic), std::move(tell), since);
  }
  while (!*notified && !gone_ && !server().stopping && Steady::now() < until) {
    watch_client();
    co_await sleep_until(until);
  }
  co_return *notified;
}

void Connection::sweep(Steady::time_point now) {
  if (now < deadline_) return;
  deadline_ = Steady::time_point::max();
  expired_ = true;
  ErrorCode ignored;
  socket_.cancel(ignored);
}

void Connection::stop() {
  if (idle_) {
    abort();
  } else {
    wake();
  }
}

void Connection::abort() {
  gone_ = true;
  ErrorCode ignored;
  socket_.close(ignored);
  wake();
}

}  // namespace imp::http
