#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/router.h"
#include "http/waiters.h"

namespace imp::http {

struct ServerOptions {
  std::string address = "127.0.0.1";  ///< "::" and "0.0.0.0" listen everywhere
  std::uint16_t port = 4873;          ///< 0: any free port, see Server::port()
  unsigned io_threads = 0;            ///< 0: one per core
  unsigned database_workers = 64;     ///< threads that may wait for a commit
  unsigned outbound_workers = 16;     ///< … for another server
  unsigned program_workers = 16;      ///< … for a program of this machine
  std::size_t queue_limit = 1024;  ///< requests waiting for a worker; beyond it 503 + Retry-After
  std::size_t connection_limit = 10000;
  std::size_t head_limit = 64 * 1024;
  Milliseconds head_timeout{15000};        ///< from the first byte to the end of the head
  Milliseconds idle_timeout{75000};        ///< keep-alive without a request
  Milliseconds body_stall_timeout{30000};  ///< no byte of the body for this long
  Milliseconds drain_timeout{25000};       ///< stop(): how long running requests may go on
  std::string tls_certificate_file;        ///< PEM chain; empty: plain HTTP
  std::string tls_key_file;
  std::vector<std::string> trusted_proxies;  ///< addresses or CIDR blocks whose X-Forwarded-* count
};

/// Answers from memory on the I/O thread, before routing: prepared bytes only, no blocking, no SQL.
/// Null means: go on to the router. Called for GET and HEAD only.
using HotPath = std::function<std::shared_ptr<const Prepared>(const Request&)>;

/// The server of docs/decisions and design: one io_context per core with its own SO_REUSEPORT
/// listener; handlers on three bounded pools. Every response carries x-request-id; access log lines
/// go to the log with the route's pattern, never with a credential.
class Server {
 public:
  Server(ServerOptions options, Router router, HotPath hot_path, Waiters& waiters,
         const Clock& clock, Log& log, Metrics& metrics);
  ~Server();

  /// Binds and starts the threads. A port in use or an unreadable certificate is a failure that
  /// says so.
  Result<void> start();
  std::uint16_t port() const;
  /// Stops accepting, lets running requests end (drain_timeout), closes idle connections, joins.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace imp::http
