#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ssl/context.hpp>
#include <string>
#include <thread>
#include <unordered_set>

#include "http/asio.h"
#include "http/request_stats.h"
#include "http/server_context.h"

namespace imp::http {

class Connection;

/// One thread with its own listener and its connections. All members but start(), post-like stop(),
/// abort() and join() are used on that thread alone, so nothing here is locked.
class IoThread {
 public:
  /// Takes over the listening descriptor. `tls` is null for plain HTTP.
  IoThread(ServerContext& server, int listener, asio::ssl::context* tls);
  ~IoThread();

  void start();
  /// From any thread: stop accepting, close idle connections, wake parked requests.
  void stop();
  /// From any thread: close every connection.
  void abort();
  /// From any thread, once no connection is left: lets the thread end and waits for it.
  void join();

  // For connections, on this thread.
  ServerContext& server() { return server_; }
  Executor executor() { return context_.get_executor(); }
  asio::ssl::context* tls() { return tls_; }
  RequestStats& stats() { return stats_; }
  void add(Connection& connection);
  void remove(Connection& connection);
  /// The Date header's value for now, made once a second.
  const std::string& date(Time now);
  /// A fresh request id, unique among all servers' but for chance: a random prefix and a counter.
  /// Short enough to need no allocation.
  std::string next_request_id();

 private:
  using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

  void wait_for_connections();
  void accept_all();
  void pause_accepting();
  void schedule_sweep();
  void sweep();

  ServerContext& server_;
  asio::ssl::context* tls_;
  std::unordered_set<Connection*> connections_;
  asio::io_context context_{1};
  asio::executor_work_guard<Executor> guard_;
  Acceptor acceptor_;
  Timer sweep_timer_;
  Timer accept_pause_;
  RequestStats stats_;
  Steady::duration sweep_period_;
  Steady::time_point next_flush_;
  std::chrono::sys_seconds date_second_{};
  std::string date_;
  std::string id_prefix_;
  std::uint64_t id_counter_ = 0;
  std::thread thread_;
};

}  // namespace imp::http
