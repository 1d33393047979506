#include "http/test_server.h"

#include <atomic>
#include <future>

namespace imp::http::test {
namespace {

class ServerLimits : public ServerTest {
 protected:
  ServerLimits() {
    options.head_timeout = Milliseconds(200);
    options.idle_timeout = Milliseconds(200);
    options.body_stall_timeout = Milliseconds(200);
    router.add(Method::get, "/hello", [](const Request&) { return text(200, "hello"); });
    router.add(
        Method::post, "/body",
        [](const Request& request) { return text(200, std::to_string(request.body.size())); },
        {.body_limit = 1000});
    router.add(Method::get, "/large",
               [](const Request&) { return text(200, std::string(32 << 20, 'x')); });
  }
};

TEST_F(ServerLimits, AHeadThatIsTooLargeIs431) {
  start();
  RawClient client(port());
  const RawAnswer answer = client.ask(get("/hello", "X: " + std::string(70'000, 'x') + "\r\n"));
  EXPECT_EQ(answer.status, 431);
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_NE(answer.body.find("head_too_large"), std::string::npos);
  EXPECT_EQ(ask(get("/hello", "X: " + std::string(60'000, 'x') + "\r\n")).status, 200);
}

TEST_F(ServerLimits, ABadRequestIs400AndTheEnd) {
  start();
  RawClient client(port());
  const RawAnswer answer = client.ask(
      "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
      get("/hello"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("malformed_request"), std::string::npos);
  EXPECT_FALSE(answer.header("x-request-id").empty());
  // What follows the bad request is never read as another one.
  EXPECT_TRUE(client.closed_within(4000));
  EXPECT_EQ(ask("GET / HTTP/2.0\r\n\r\n").status, 505);
}

TEST_F(ServerLimits, ASlowHeadIs408) {
  start();
  RawClient client(port());
  client.send("GET /hello HT");
  for (int i = 0; i < 4; ++i) {  // a byte now and then does not help
    std::this_thread::sleep_for(Milliseconds(50));
    client.send("T");
  }
  EXPECT_EQ(client.read().status, 408);
  EXPECT_TRUE(client.closed_within(4000));
}

TEST_F(ServerLimits, AnIdleConnectionIsClosedSilently) {
  start();
  RawClient fresh(port());
  EXPECT_TRUE(fresh.closed_within(3000));
  RawClient used(port());
  EXPECT_EQ(used.ask(get("/hello")).status, 200);
  EXPECT_TRUE(used.closed_within(3000));
}

TEST_F(ServerLimits, AStalledBodyIs408) {
  start();
  RawClient client(port());
  client.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  const RawAnswer answer = client.read();
  EXPECT_EQ(answer.status, 408);
  EXPECT_NE(answer.body.find("body_timed_out"), std::string::npos);
}

TEST_F(ServerLimits, ABodyThatKeepsComingIsNotStalled) {
  start();
  RawClient client(port());
  client.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n");
  for (int i = 0; i < 6; ++i) {
    std::this_thread::sleep_for(Milliseconds(60));  // longer than the limit in total
    client.send("x");
  }
  EXPECT_EQ(client.read().body, "6");
}

TEST_F(ServerLimits, AClientThatDoesNotReadIsCutOff) {
  start();
  RawClient client(port());
  client.send(get("/large"));
  std::this_thread::sleep_for(Milliseconds(1000));
  EXPECT_FALSE(client.read().complete);
}

TEST_F(ServerLimits, BodiesAreLimitedByRoute) {
  start();
  const auto post = [](std::size_t size) {
    return "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) +
           "\r\n\r\n" + std::string(size, 'x');
  };
  RawClient client(port());
  EXPECT_EQ(client.ask(post(1000)).body, "1000");
  // A little too much is read and dropped, and the connection stays.
  EXPECT_EQ(client.ask(post(1001)).status, 413);
  EXPECT_EQ(client.ask(post(1000)).body, "1000");
  // Very much is not read at all.
  client.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000000\r\n\r\n");
  const RawAnswer huge = client.read();
  EXPECT_EQ(huge.status, 413);
  EXPECT_EQ(huge.header("connection"), "close");
}

TEST_F(ServerLimits, ChunkedBodiesAreLimitedAsTheyCome) {
  start();
  RawClient client(port());
  client.send("POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 3; ++i) client.send("200\r\n" + std::string(512, 'x') + "\r\n");
  const RawAnswer answer = client.read();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.header("connection"), "close");
}

TEST_F(ServerLimits, ConnectionsBeyondTheLimitAreRefusedPolitely) {
  options.connection_limit = 2;
  options.idle_timeout = Milliseconds(5000);
  start();
  RawClient first(port()), second(port());
  EXPECT_EQ(first.ask(get("/hello")).status, 200);
  EXPECT_EQ(second.ask(get("/hello")).status, 200);
  RawClient third(port());
  const RawAnswer answer = third.read();  // without having sent anything
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.header("retry-after"), "1");
  EXPECT_TRUE(third.closed_within(2000));
  first.close();
  EXPECT_TRUE(eventually([&] {
    RawClient again(port());
    again.send(get("/hello"));
    return again.read().status == 200;
  }));
}

class ServerOverload : public ServerTest {};

TEST_F(ServerOverload, AFullQueueIs503AndDrainsAgain) {
  options.database_workers = 1;
  options.queue_limit = 2;
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  std::atomic<int> running = 0;
  router.add(Method::get, "/slow", [&](const Request&) {
    ++running;
    open.wait();
    return text(200, "done");
  });
  router.add(Method::get, "/elsewhere", [](const Request&) { return text(200, "other pool"); },
             {.pool = Pool::outbound});
  router.add(Method::get, "/program", [](const Request&) { return text(200, "third pool"); },
             {.pool = Pool::program});
  start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 11; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    clients.back()->send(get("/slow"));
    if (i == 0) ASSERT_TRUE(eventually([&] { return running == 1; }));
  }
  // One runs and two wait, whichever they are. The others are told so at once.
  const auto answered = [&] {
    return std::ranges::count_if(clients, [](auto& client) { return !client->silent_for(0); });
  };
  EXPECT_TRUE(eventually([&] { return answered() == 8; }));
  EXPECT_EQ(ask(get("/elsewhere")).body, "other pool");  // one pool does not starve the others
  EXPECT_EQ(ask(get("/program")).body, "third pool");
  gate.set_value();
  int done = 0, refused = 0;
  for (const auto& client : clients) {
    const RawAnswer answer = client->read();
    if (answer.status == 200) ++done;
    if (answer.status != 503) continue;
    ++refused;
    EXPECT_EQ(answer.header("retry-after"), "1");
    EXPECT_NE(answer.body.find("overloaded"), std::string::npos);
  }
  EXPECT_EQ(done, 3);
  EXPECT_EQ(refused, 8);
  EXPECT_EQ(ask(get("/slow")).body, "done");
}

}  // namespace
}  // namespace imp::http::test
