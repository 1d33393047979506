#include "http/test_server.h"

#include <atomic>
#include <future>

namespace imp::http::test {
namespace {

class ServerStop : public ServerTest {
 protected:
  ServerStop() {
    router.add(Method::get, "/slow", [this](const Request&) {
      ++running;
      std::this_thread::sleep_for(Milliseconds(slow_ms));
      return text(200, "done");
    });
    router.add(Method::get, "/hello", [](const Request&) { return text(200, "hello"); });
    router.add(Method::post, "/body", [](const Request&) { return text(200, "got it"); });
  }
  std::atomic<int> running = 0;
  std::atomic<int> slow_ms = 300;
};

TEST_F(ServerStop, RunningRequestsEnd) {
  start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    clients.back()->send(get("/slow"));
  }
  ASSERT_TRUE(eventually([&] { return running == 4; }));
  std::thread stopper([&] { server->stop(); });
  for (const auto& client : clients) {
    const RawAnswer answer = client->read();
    EXPECT_EQ(answer.body, "done");
    EXPECT_EQ(answer.header("connection"), "close");
    EXPECT_TRUE(client->closed_within(2000));
  }
  stopper.join();
}

TEST_F(ServerStop, IdleConnectionsAreClosedAndNewOnesRefused) {
  start();
  RawClient idle(port());
  EXPECT_EQ(idle.ask(get("/hello")).status, 200);
  RawClient silent(port());
  const std::uint16_t old_port = port();
  const auto before = std::chrono::steady_clock::now();
  server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(3));
  EXPECT_TRUE(idle.closed_within(2000));
  EXPECT_TRUE(silent.closed_within(2000));
  EXPECT_THROW(RawClient{old_port}, std::runtime_error);
}

TEST_F(ServerStop, ARequestWhoseBodyIsStillComingMayFinish) {
  start();
  RawClient client(port());
  client.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
  std::this_thread::sleep_for(Milliseconds(50));
  std::thread stopper([&] { server->stop(); });
  std::this_thread::sleep_for(Milliseconds(50));
  client.send("cd");
  EXPECT_EQ(client.read().body, "got it");
  stopper.join();
}

TEST_F(ServerStop, WhatTakesTooLongIsCutOff) {
  options.drain_timeout = Milliseconds(100);
  slow_ms = 500;
  start();
  RawClient client(port());
  client.send(get("/slow"));
  RawClient stuck(port());
  stuck.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
  ASSERT_TRUE(eventually([&] { return running == 1; }));
  server->stop();
  EXPECT_EQ(client.read().status, 0);
  EXPECT_TRUE(stuck.closed_within(1000));
  EXPECT_TRUE(log.has("requests cut off at shutdown"));
}

TEST_F(ServerStop, QueuedRequestsAreToldWhenTheTimeIsUp) {
  options.drain_timeout = Milliseconds(100);
  options.database_workers = 1;
  slow_ms = 300;
  start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    clients.back()->send(get("/slow"));
  }
  ASSERT_TRUE(eventually([&] { return running == 1; }));
  const auto before = std::chrono::steady_clock::now();
  server->stop();
  // One ran to its end; the four behind it did not.
  EXPECT_LT(std::chrono::steady_clock::now() - before, Milliseconds(1200));
  EXPECT_LE(running, 2);
}

TEST_F(ServerStop, StoppingTwiceOrBeforeTheStartIsHarmless) {
  start();
  server->stop();
  server->stop();
  Server never(options, Router(), {}, waiters, clock, log, metrics);
  never.stop();
}

TEST_F(ServerStop, UnderLoadNoAnswerIsCutInHalf) {
  start();
  std::atomic<bool> stop = false;
  std::atomic<int> halves = 0, whole = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        try {
          RawClient client(port());
          while (!stop) {
            if (!client.send(get("/hello"))) break;
            const RawAnswer answer = client.read();
            if (answer.status == 0) break;  // closed between two requests
            ++(answer.complete && answer.body == "hello" ? whole : halves);
          }
        } catch (const std::runtime_error&) {
          return;  // the listener has gone
        }
      }
    });
  }
  ASSERT_TRUE(eventually([&] { return whole > 200; }));
  server->stop();
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(halves, 0);
}

}  // namespace
}  // namespace imp::http::test
