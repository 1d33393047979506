#pragma once

#include <array>
#include <boost/asio/ssl/stream.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/addresses.h"
#include "http/asio.h"
#include "http/input_buffer.h"
#include "http/io_thread.h"
#include "http/on_worker.h"
#include "http/response.h"

namespace imp::http {

/// One client's socket, plain or TLS: bytes in, bytes out, deadlines, and sleeping until something
/// happens. Lives on its I/O thread; what other threads want is posted there. Owned by the
/// coroutine that serves it (exchange.h).
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(IoThread& thread, TcpSocket socket, const Address& peer);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  IoThread& thread() { return thread_; }
  ServerContext& server() { return thread_.server(); }
  const Address& peer() const { return peer_; }
  const std::string& peer_text() const { return peer_text_; }
  bool over_tls() const { return tls_.has_value(); }
  InputBuffer& input() { return input_; }

  /// TLS only. False: no TLS, or not in time.
  Awaitable<bool> handshake();
  /// Appends at least one byte to input(), which must not be full; false at the end, after an
  /// error, or when the deadline passed (then expired()).
  Awaitable<bool> read();
  /// Sends the pieces in order. False when the client has gone or takes nothing any more.
  Awaitable<bool> write(std::array<std::string_view, 3> pieces);
  /// Sends `head`, then the file's bytes.
  Awaitable<bool> write_file(std::string_view head, const FileBody& file);
  /// Says goodbye and reads what the client still sends for a moment: closing with unread bytes
  /// would reset the connection and could destroy the answer on its way.
  Awaitable<void> linger();
  /// Ends a connection that has nothing unread.
  Awaitable<void> close_politely();

  /// From now on an operation may take this long; the sweep enforces it, so it costs no timer.
  void set_deadline(Milliseconds span);
  void clear_deadline();
  bool expired() const { return expired_; }
  /// Between requests: the server may close it at any time.
  void set_idle(bool idle) { idle_ = idle; }

  /// The functions of on_worker.h, which have no deadline.
  Awaitable<bool> on_worker(WorkerPool& pool, std::move_only_function<void()> work,
                            bool always = false) {
    clear_deadline();
    return http::on_worker(thread_.executor(), pool, std::move(work), always);
  }
  Awaitable<std::optional<Response>> answer_on_worker(WorkerPool& pool,
                                                      std::move_only_function<Response()> handler,
                                                      bool always = false) {
    clear_deadline();
    return http::answer_on_worker(thread_.executor(), pool, std::move(handler), server().log,
                                  always);
  }

  /// Starts noticing that the client goes away (gone()) while the coroutine waits for other things.
  void watch_client();
  bool gone() const { return gone_; }
  /// Until wake() or the given time; returns at once when wake() was called since the last sleep.
  Awaitable<void> sleep_until(Steady::time_point time);
  void wake();
  /// Sleeps until the topic is notified (true), or until the time has passed, the client has gone
  /// or the server stops (false). `since` is Waiters::sequence() from before the state was looked
  /// at; an empty topic is never notified.
  Awaitable<bool> sleep_on(std::string topic, std::uint64_t since, Steady::time_point until);

  // For the I/O thread.
  void sweep(Steady::time_point now);
  void stop();
  void abort();

 private:
  /// Notes what a read brought.
  bool took(const ErrorCode& error, std::size_t size);
  Awaitable<bool> write_rest(std::array<std::string_view, 3> pieces);

  IoThread& thread_;
  TcpSocket socket_;
  std::optional<asio::ssl::stream<TcpSocket&>> tls_;
  Address peer_;
  std::string peer_text_;
  InputBuffer input_;
  std::string record_;  ///< joins small pieces into one TLS record
  std::optional<Timer> timer_;
  Steady::time_point deadline_ = Steady::time_point::max();
  bool expired_ = false;
  bool idle_ = false;
  bool watching_ = false;
  bool gone_ = false;
  bool woken_ = false;
};

}  // namespace imp::http
