#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/addresses.h"
#include "http/router.h"
#include "http/server.h"
#include "http/waiters.h"
#include "http/worker_pool.h"

namespace imp::http {

/// What every connection of one server shares. Thread-safe, or constant once the server runs.
struct ServerContext {
  const ServerOptions& options;
  const Router& router;
  const HotPath& hot_path;
  Waiters& waiters;
  const Clock& clock;
  Log& log;
  Metrics& metrics;
  std::vector<AddressBlock> trusted_proxies;
  WorkerPool database;
  WorkerPool outbound;
  WorkerPool program;
  std::atomic<bool> stopping = false;
  std::atomic<std::size_t> connections = 0;

  WorkerPool& pool(Pool which) {
    switch (which) {
      case Pool::outbound:
        return outbound;
      case Pool::program:
        return program;
      case Pool::database:
        break;
    }
    return database;
  }
};

}  // namespace imp::http
