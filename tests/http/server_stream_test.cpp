#include "http/test_server.h"

#include <atomic>

namespace imp::http::test {
namespace {

class ServerStream : public ServerTest {
 protected:
  ServerStream() {
    // Counts up to the published number, then waits for more; ends at ten.
    router.add(Method::get, "/counts", [this](const Request&) {
      auto token = std::make_shared<int>(0);  // shared by the copies of the function
      alive = token;
      Response response;
      response.headers = {{"content-type", "text/event-stream"}};
      response.body = StreamBody{[this, token] {
        StreamStep step;
        const int limit = published;
        while (*token < limit) step.bytes += std::to_string((*token)++) + ";";
        step.done = *token >= 10;
        if (!step.done) step.wait_topic = "counts";
        return step;
      }};
      return response;
    });
    router.add(Method::get, "/broken", [](const Request&) {
      Response response;
      response.body = StreamBody{[first = true]() mutable -> StreamStep {
        if (!first) throw std::runtime_error("stream broke");
        first = false;
        return {.bytes = "part"};
      }};
      return response;
    });
    router.add(Method::get, "/poll", [this](const Request& request) {
      ++polls;
      if (published > 0) return text(200, "news");
      if (request.wait_expired) return text(202, "nothing yet");
      Response response;
      response.body = WaitFor{"counts", Milliseconds(wait_ms)};
      return response;
    });
    router.add(Method::get, "/hello", [](const Request&) { return text(200, "hello"); });
    router.add(Method::get, "/forever", [](const Request&) {
      Response response;
      response.body = WaitFor{"never", Milliseconds(50)};
      return response;
    });
  }
  void publish(int number) {
    published = number;
    waiters.notify("counts");
  }

  std::atomic<int> published = 0;
  std::atomic<int> polls = 0;
  std::atomic<int> wait_ms = 5000;
  std::weak_ptr<int> alive;
};

TEST_F(ServerStream, SendsWhatThereIsAndThenWhatComes) {
  published = 3;
  start();
  RawClient client(port());
  client.send(get("/counts"));
  std::thread publisher([&] {
    for (int i = 4; i <= 10; ++i) {
      std::this_thread::sleep_for(Milliseconds(10));
      publish(i);
    }
  });
  const RawAnswer answer = client.read();
  publisher.join();
  EXPECT_EQ(answer.header("transfer-encoding"), "chunked");
  EXPECT_EQ(answer.body, "0;1;2;3;4;5;6;7;8;9;");
  EXPECT_EQ(client.ask(get("/hello")).body, "hello");  // the watching read does not eat it
  EXPECT_TRUE(eventually([&] { return alive.expired(); }));
}

TEST_F(ServerStream, RequestsPipelinedBehindAStreamWait) {
  published = 1;
  start();
  RawClient client(port());
  client.send(get("/counts") + get("/hello"));
  std::this_thread::sleep_for(Milliseconds(50));
  publish(10);
  EXPECT_EQ(client.read().body, "0;1;2;3;4;5;6;7;8;9;");
  EXPECT_EQ(client.read().body, "hello");
}

TEST_F(ServerStream, AnOldClientGetsItUntilTheConnectionEnds) {
  published = 10;
  start();
  const RawAnswer answer = ask("GET /counts HTTP/1.0\r\n\r\n");
  EXPECT_FALSE(answer.headers.contains("transfer-encoding"));
  EXPECT_EQ(answer.body, "0;1;2;3;4;5;6;7;8;9;");
}

TEST_F(ServerStream, HeadDoesNotStartTheStream) {
  start();
  RawClient client(port());
  EXPECT_EQ(client.ask("HEAD /counts HTTP/1.1\r\nHost: a\r\n\r\n", true).status, 200);
  EXPECT_EQ(client.ask(get("/hello")).body, "hello");
}

TEST_F(ServerStream, IsDestroyedWhenTheClientHasGone) {
  published = 1;
  start();
  {
    RawClient client(port());
    client.send(get("/counts"));
    ASSERT_TRUE(client.receives("0;"));
    EXPECT_FALSE(alive.expired());
  }
  EXPECT_TRUE(eventually([&] { return alive.expired(); }));
}

TEST_F(ServerStream, AFailureIsNotMistakenForTheEnd) {
  start();
  RawClient client(port());
  const RawAnswer answer = client.ask(get("/broken"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.complete);
  EXPECT_EQ(answer.body, "part");
  EXPECT_TRUE(log.has("stream failed"));
}

TEST_F(ServerStream, StopEndsStreams) {
  published = 2;
  start();
  RawClient client(port());
  client.send(get("/counts"));
  ASSERT_TRUE(client.receives("1;"));
  server->stop();
  const RawAnswer answer = client.read();
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, "0;1;");
  EXPECT_TRUE(alive.expired());
}

TEST_F(ServerStream, ALongPollIsAnsweredByANotification) {
  start();
  RawClient client(port());
  client.send(get("/poll"));
  ASSERT_TRUE(eventually([&] { return polls == 1; }));
  EXPECT_TRUE(client.silent_for(50));
  publish(1);
  EXPECT_EQ(client.read().body, "news");
  EXPECT_EQ(polls, 2);
}

TEST_F(ServerStream, ALongPollExpires) {
  wait_ms = 50;
  start();
  EXPECT_EQ(ask(get("/poll")).status, 202);
}

TEST_F(ServerStream, ANotificationForNothingDoesNotExtendTheWait) {
  wait_ms = 150;
  start();
  std::atomic<bool> stop = false;
  std::thread chatter([&] {
    while (!stop) {
      waiters.notify("counts");
      std::this_thread::sleep_for(Milliseconds(10));
    }
  });
  EXPECT_EQ(ask(get("/poll")).status, 202);
  stop = true;
  chatter.join();
  EXPECT_GT(polls, 2);
}

TEST_F(ServerStream, ManyPollsNeedNoThread) {
  options.database_workers = 2;
  start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    clients.back()->send(get("/poll"));
  }
  ASSERT_TRUE(eventually([&] { return polls == 100; }));
  EXPECT_EQ(ask(get("/hello")).body, "hello");  // two workers, a hundred parked requests
  publish(1);
  for (const auto& client : clients) EXPECT_EQ(client->read().body, "news");
}

TEST_F(ServerStream, NoNotificationIsLostBetweenTheLookAndTheWait) {
  start();
  for (int round = 0; round < 50; ++round) {
    published = 0;
    RawClient client(port());
    client.send(get("/poll"));
    publish(1);  // as close to the handler's look as it happens to be
    EXPECT_EQ(client.read().body, "news");
  }
}

TEST_F(ServerStream, AParkedClientThatLeavesIsForgotten) {
  start();
  {
    RawClient client(port());
    client.send(get("/poll"));
    ASSERT_TRUE(eventually([&] { return polls == 1; }));
    std::this_thread::sleep_for(Milliseconds(20));
  }
  std::this_thread::sleep_for(Milliseconds(100));
  publish(1);
  std::this_thread::sleep_for(Milliseconds(50));
  EXPECT_EQ(polls, 1);
}

TEST_F(ServerStream, StopWakesParkedRequests) {
  start();
  RawClient client(port());
  client.send(get("/poll"));
  ASSERT_TRUE(eventually([&] { return polls == 1; }));
  std::this_thread::sleep_for(Milliseconds(20));
  server->stop();
  const RawAnswer answer = client.read();
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.header("connection"), "close");
}

TEST_F(ServerStream, AHandlerThatWaitsAfterItsTimeIsABug) {
  start();
  EXPECT_EQ(ask(get("/forever")).status, 500);
}

}  // namespace
}  // namespace imp::http::test
