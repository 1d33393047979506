// Handlers whose answer somebody else gives.
#include <atomic>
#include <future>

#include "http/settled.h"
#include "http/test_server.h"

namespace imp::http::test {
namespace {

class ServerLater : public ServerTest {
 protected:
  ServerLater() {
    options.database_workers = 1;
    router.add(Method::get, "/later", [this](const Request& request) {
      return later([this, who = std::string(request.query("who").value_or(""))](Reply reply) {
        const std::lock_guard lock(mutex);
        waiting.emplace_back(who, std::move(reply));
      });
    });
    router.add(Method::get, "/dropped", [](const Request&) {
      return later([](Reply reply) { Reply dropped = std::move(reply); });
    });
    router.add(Method::get, "/throws", [](const Request&) {
      return later([](Reply) { throw std::runtime_error("nobody answers"); });
    });
    router.add(Method::get, "/hello", [](const Request&) { return text(200, "hello"); });
  }

  std::size_t waiting_count() {
    const std::lock_guard lock(mutex);
    return waiting.size();
  }
  void answer_all() {
    std::vector<std::pair<std::string, Reply>> all;
    {
      const std::lock_guard lock(mutex);
      all.swap(waiting);
    }
    for (auto& [who, reply] : all) reply(text(200, "for " + who));
  }

  std::mutex mutex;
  std::vector<std::pair<std::string, Reply>> waiting;
};

TEST_F(ServerLater, ManyWaitWithoutAThread) {
  start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    clients.back()->send(get("/later?who=" + std::to_string(i)));
  }
  ASSERT_TRUE(eventually([&] { return waiting_count() == 20; }));
  EXPECT_EQ(ask(get("/hello")).body, "hello") << "the one worker is free";
  answer_all();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(clients[i]->read().body, "for " + std::to_string(i));
  // The connections go on.
  for (auto& client : clients) EXPECT_EQ(client->ask(get("/hello")).body, "hello");
}

TEST_F(ServerLater, WhatNobodyAnswersIsA500) {
  start();
  EXPECT_EQ(ask(get("/dropped")).status, 500);
  EXPECT_EQ(ask(get("/throws")).status, 500);
  // Written by the worker, after the answer has gone.
  EXPECT_TRUE(eventually([&] { return log.has("nobody answers"); }));
}

TEST_F(ServerLater, AClientThatHasGoneIsNoTrouble) {
  start();
  {
    RawClient client(port());
    client.send(get("/later?who=nobody"));
    ASSERT_TRUE(eventually([&] { return waiting_count() == 1; }));
  }
  answer_all();
  EXPECT_EQ(ask(get("/hello")).body, "hello");
}

TEST_F(ServerLater, StoppingWaitsForTheAnswer) {
  start();
  RawClient client(port());
  client.send(get("/later?who=the-last"));
  ASSERT_TRUE(eventually([&] { return waiting_count() == 1; }));
  std::atomic<bool> stopped = false;
  std::thread stopper([&] {
    server->stop();
    stopped = true;
  });
  std::this_thread::sleep_for(Milliseconds(50));
  EXPECT_FALSE(stopped);
  answer_all();
  EXPECT_EQ(client.read().body, "for the-last");
  stopper.join();
}

TEST(Settled, WaitsForAnAnswerThatIsGivenLater) {
  std::jthread answering;
  const Response response = settled(later([&](Reply reply) {
    answering = std::jthread([reply = std::move(reply)]() mutable { reply(text(200, "done")); });
  }));
  EXPECT_EQ(std::get<std::string>(response.body), "done");
}

}  // namespace
}  // namespace imp::http::test
