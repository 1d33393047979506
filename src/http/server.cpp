#include "http/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "http/http_refusal.h"
#include "http/io_thread.h"
#include "http/listener.h"
#include "http/server_context.h"
#include "http/tls.h"

namespace imp::http {

struct Server::Impl {
  Impl(ServerOptions given, Router routes, HotPath hot, Waiters& waiters, const Clock& clock,
       Log& log, Metrics& metrics)
      : options(std::move(given)),
        router(std::move(routes)),
        hot_path(std::move(hot)),
        context{.options = options,
                .router = router,
                .hot_path = hot_path,
                .waiters = waiters,
                .clock = clock,
                .log = log,
                .metrics = metrics,
                .trusted_proxies = {},
                .database = {options.database_workers, options.queue_limit},
                .outbound = {options.outbound_workers, options.queue_limit},
                .program = {options.program_workers, options.queue_limit}} {}

  bool wait_until_empty(std::chrono::milliseconds at_most) const {
    const auto until = Steady::now() + at_most;
    while (context.connections != 0) {
      if (Steady::now() >= until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

  ServerOptions options;
  Router router;
  HotPath hot_path;
  ServerContext context;
  std::unique_ptr<asio::ssl::context> tls;
  std::vector<std::unique_ptr<IoThread>> threads;
  std::uint16_t port = 0;
};

Server::Server(ServerOptions options, Router router, HotPath hot_path, Waiters& waiters,
               const Clock& clock, Log& log, Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(router), std::move(hot_path),
                                   waiters, clock, log, metrics)) {}

Server::~Server() { stop(); }

Result<void> Server::start() {
  const ServerOptions& options = impl_->options;
  for (const std::string& text : options.trusted_proxies) {
    const auto block = AddressBlock::parse(text);
    if (!block) {
      return refuse(HttpRefusal::proxies_invalid,
                    fmt::format("The trusted proxy \"{}\" is not an address or a block such as "
                                "10.0.0.0/8.",
                                text));
    }
    impl_->context.trusted_proxies.push_back(*block);
  }
  if (!options.tls_certificate_file.empty()) {
    auto tls = make_tls_context(options.tls_certificate_file, options.tls_key_file);
    if (!tls) return pass_on(tls);
    impl_->tls = std::move(*tls);
  }
  const unsigned count = options.io_threads != 0
                             ? options.io_threads
                             : std::max(1U, std::thread::hardware_concurrency());
  const auto listeners = open_listeners(options.address, options.port, count);
  if (!listeners) return pass_on(listeners);
  impl_->port = listeners->port;
  for (const int descriptor : listeners->descriptors) {
    impl_->threads.push_back(
        std::make_unique<IoThread>(impl_->context, descriptor, impl_->tls.get()));
  }
  for (const auto& thread : impl_->threads) thread->start();
  return {};
}

std::uint16_t Server::port() const { return impl_->port; }

void Server::stop() {
  if (impl_->context.stopping.exchange(true)) return;
  for (const auto& thread : impl_->threads) thread->stop();
  if (!impl_->wait_until_empty(impl_->options.drain_timeout)) {
    impl_->context.log.warning(
        "requests cut off at shutdown",
        {{"connections", static_cast<std::int64_t>(impl_->context.connections.load())}});
    for (const auto& thread : impl_->threads) thread->abort();
  }
  // Handlers that run are waited for; what is queued is told to go, which ends its connection.
  impl_->context.database.stop();
  impl_->context.outbound.stop();
  impl_->context.program.stop();
  impl_->wait_until_empty(std::chrono::hours(24));
  for (const auto& thread : impl_->threads) thread->join();
  impl_->threads.clear();
}

}  // namespace imp::http
