#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/prepared.h"
#include "http/raw_client.h"
#include "http/server.h"

namespace imp::http::test {

/// Keeps every line, so that a test can say what must and must not be logged.
class RecordingLog final : public Log {
 public:
  void write(LogLevel level, std::string_view event, std::initializer_list<Field> fields) override {
    std::string line(event);
    for (const Field& field : fields) {
      line += " " + std::string(field.key) + "=";
      if (const auto* text = std::get_if<std::string>(&field.value)) line += *text;
      if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
        line += std::to_string(*number);
      }
    }
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(level, line);
  }
  bool enabled(LogLevel level) const override { return level >= LogLevel::info; }

  bool has(std::string_view text) const {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(
        lines_, [&](const auto& line) { return line.second.find(text) != std::string::npos; });
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<LogLevel, std::string>> lines_;
};

/// Waits for something that another thread brings about; false after five seconds.
inline bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 1000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(Milliseconds(5));
  }
  return false;
}

/// A server in this process, on a free port. Fill router, hot_path and options, then start().
class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    options.port = 0;
    options.io_threads = 2;
    options.database_workers = 4;
    options.outbound_workers = 2;
    options.drain_timeout = Milliseconds(5000);
  }

  void start() {
    server = std::make_unique<Server>(options, std::move(router), hot_path, waiters, clock, log,
                                      metrics);
    const auto started = server->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  void TearDown() override { server.reset(); }
  std::uint16_t port() const { return server->port(); }
  RawAnswer ask(std::string_view bytes, bool head = false) {
    return RawClient(port()).ask(bytes, head);
  }

  ServerOptions options;
  Router router;
  HotPath hot_path;
  Waiters waiters;
  SystemClock clock;
  RecordingLog log;
  Metrics metrics;
  std::unique_ptr<Server> server;
};

}  // namespace imp::http::test
