#pragma once

// What this folder uses of Asio, with concrete executor types: a type-erased executor costs about a
// third of the throughput. Included by few files, because each pays for it in compile time.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace imp::http {

namespace asio = boost::asio;

using Executor = asio::io_context::executor_type;
/// g++ 12 miscompiles co_await behind && and || and in loop conditions: give it a statement of its
/// own.
template <class T>
using Awaitable = asio::awaitable<T, Executor>;
using UseAwaitable = asio::use_awaitable_t<Executor>;
using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using ErrorCode = boost::system::error_code;

/// Deadlines of sockets are spans on the monotonic clock; the injected Clock tells what time it is.
using Steady = std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<Steady, asio::wait_traits<Steady>, Executor>;

}  // namespace imp::http
