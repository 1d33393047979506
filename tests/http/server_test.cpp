#include "http/test_server.h"

#include <atomic>

namespace imp::http::test {
namespace {

class ServerBasics : public ServerTest {
 protected:
  ServerBasics() {
    router.add(Method::get, "/hello", [](const Request&) { return text(200, "hello"); });
    router.add(Method::get, "/echo/{name}", [](const Request& request) {
      return text(200, request.param("name") + " " + request.remote_address + " " +
                           (request.secure ? "secure" : "plain"));
    });
    router.add(Method::post, "/body",
               [](const Request& request) { return text(200, request.body); });
    router.add(Method::get, "/throws",
               [](const Request&) -> Response { throw std::runtime_error("secret cause"); });
    router.add(Method::get, "/cached",
               [](const Request&) { return text(200, "c").header("cache-control", "max-age=60"); });
    router.add(Method::get, "/free", [](const Request&) { return text(200, "f"); },
               {.no_store = false});
    router.add(Method::get, "/split", [](const Request&) {
      return text(200, "s").header("x-name", "a\r\nset-cookie: stolen=1");
    });
    router.add(Method::get, "/empty", [](const Request&) { return no_content(); });
  }
};

TEST_F(ServerBasics, EveryAnswerCarriesTheDefaultHeaders) {
  start();
  const RawAnswer answer = ask(get("/hello"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.header("content-length"), "5");
  EXPECT_EQ(answer.header("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(answer.header("x-content-type-options"), "nosniff");
  EXPECT_EQ(answer.header("cache-control"), "no-store");
  EXPECT_TRUE(answer.header("date").ends_with(" GMT"));
  EXPECT_FALSE(answer.header("x-request-id").empty());
  EXPECT_FALSE(answer.headers.contains("connection"));
}

TEST_F(ServerBasics, CacheControlIsTheHandlersOrTheRoutes) {
  start();
  EXPECT_EQ(ask(get("/cached")).header("cache-control"), "max-age=60");
  EXPECT_FALSE(ask(get("/free")).headers.contains("cache-control"));
}

TEST_F(ServerBasics, RequestIdsAreTakenWhenSaneAndMadeOtherwise) {
  start();
  EXPECT_EQ(ask(get("/hello", "X-Request-Id: ab.C_1-2\r\n")).header("x-request-id"), "ab.C_1-2");
  const std::string long_id(65, 'a');
  for (const std::string& bad : {std::string("a b"), std::string("<x>"), long_id, std::string()}) {
    const std::string id =
        ask(get("/hello", "X-Request-Id: " + bad + "\r\n")).header("x-request-id");
    EXPECT_NE(id, bad);
    EXPECT_FALSE(id.empty());
  }
  EXPECT_NE(ask(get("/hello")).header("x-request-id"), ask(get("/hello")).header("x-request-id"));
}

TEST_F(ServerBasics, KeepsTheConnectionAsTheVersionSays) {
  start();
  RawClient client(port());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask(get("/hello")).status, 200);
  const RawAnswer last = client.ask(get("/hello", "Connection: close\r\n"));
  EXPECT_EQ(last.header("connection"), "close");
  EXPECT_TRUE(client.closed_within(2000));

  RawClient old(port());
  EXPECT_EQ(old.ask("GET /hello HTTP/1.0\r\n\r\n").header("connection"), "close");
  EXPECT_TRUE(old.closed_within(2000));
  RawClient kept(port());
  const std::string request = "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  EXPECT_EQ(kept.ask(request).header("connection"), "keep-alive");
  EXPECT_EQ(kept.ask(request).status, 200);
}

TEST_F(ServerBasics, PipelinedRequestsAreAnsweredInOrder) {
  start();
  RawClient client(port());
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += i % 2 == 0 ? get("/echo/" + std::to_string(i))
                      : "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n" +
                            std::to_string(10 + i % 10);
  }
  client.send(all);
  for (int i = 0; i < 50; ++i) {
    const RawAnswer answer = client.read();
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body,
              i % 2 == 0 ? std::to_string(i) + " 127.0.0.1 plain" : std::to_string(10 + i % 10));
  }
}

TEST_F(ServerBasics, HeadIsGetWithoutTheBody) {
  start();
  RawClient client(port());
  const RawAnswer head = client.ask("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n", true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), "5");
  EXPECT_EQ(client.ask(get("/hello")).body, "hello");  // nothing of a body was left in between
}

TEST_F(ServerBasics, AnswersWithoutABodyHaveNoLength) {
  start();
  const RawAnswer answer = ask(get("/empty"));
  EXPECT_EQ(answer.status, 204);
  EXPECT_FALSE(answer.headers.contains("content-length"));
}

TEST_F(ServerBasics, RefusesUnknownPathsAndMethods) {
  start();
  const RawAnswer missing = ask(get("/nothing"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(
      missing.body,
      R"({"error":"There is nothing at this path.","message":"There is nothing at this path.",)"
      R"("code":"no_such_route","help":"/-/docs/guide/troubleshooting.md#no_such_route"})");
  const RawAnswer wrong = ask("PUT /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.header("allow"), "GET, HEAD");
  const RawAnswer options = ask("OPTIONS /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.header("allow"), "GET, HEAD");
  EXPECT_EQ(ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").status, 204);
  EXPECT_EQ(ask("OPTIONS /nothing HTTP/1.1\r\nHost: a\r\n\r\n").status, 404);
  EXPECT_EQ(ask("BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n").status, 405);
  EXPECT_EQ(ask(get("/echo/%2e%2e")).status, 400);
}

TEST_F(ServerBasics, ABodyThatNobodyWantedDoesNotBecomeTheNextRequest) {
  start();
  RawClient client(port());
  const std::string inner = get("/hello");
  client.send("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: " +
              std::to_string(inner.size()) + "\r\n\r\n" + inner + get("/echo/next"));
  EXPECT_EQ(client.read().status, 404);
  EXPECT_EQ(client.read().body, "next 127.0.0.1 plain");
}

TEST_F(ServerBasics, AnExceptionIsA500AndALogLine) {
  start();
  RawClient client(port());
  const RawAnswer answer = client.ask(get("/throws", "X-Request-Id: find-me\r\n"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body.find("secret"), std::string::npos);
  EXPECT_EQ(client.ask(get("/hello")).status, 200);
  EXPECT_TRUE(log.has("handler failed id=find-me method=GET error=secret cause"));
}

TEST_F(ServerBasics, AHandlerCannotBeTrickedIntoSplittingTheAnswer) {
  start();
  const RawAnswer answer = ask(get("/split"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_FALSE(answer.headers.contains("set-cookie"));
}

TEST_F(ServerBasics, TheAccessLogHasThePatternAndNoPath) {
  start();
  ask(get("/echo/private-name?token=private-token", "X-Request-Id: id-1\r\n"));
  EXPECT_TRUE(eventually([&] { return log.has("pattern=/echo/{name} status=200"); }));
  EXPECT_TRUE(log.has("id=id-1 remote=127.0.0.1"));
  EXPECT_FALSE(log.has("private-name"));
  EXPECT_FALSE(log.has("private-token"));
}

TEST_F(ServerBasics, CountsRequests) {
  start();
  ask(get("/echo/a"));
  ask(get("/echo/b"));
  ask(get("/nothing"));
  server->stop();  // hands over what the threads have counted
  const std::string text = metrics.exposition();
  EXPECT_NE(text.find(R"(http_requests_total{method="GET",route="/echo/{name}",status="200"} 2)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"x(http_requests_total{method="GET",route="(none)",status="404"} 1)x"),
            std::string::npos);
  EXPECT_NE(text.find(R"(http_request_seconds_count{route="/echo/{name}"} 2)"), std::string::npos);
}

TEST_F(ServerBasics, TrustsForwardedHeadersOnlyFromProxies) {
  options.trusted_proxies = {"127.0.0.0/8"};
  start();
  EXPECT_EQ(ask(get("/echo/x", "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\n")).body,
            "x 9.9.9.9 secure");
}

TEST_F(ServerBasics, IgnoresForwardedHeadersFromAnybodyElse) {
  start();
  EXPECT_EQ(ask(get("/echo/x", "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\n")).body,
            "x 127.0.0.1 plain");
}

TEST_F(ServerBasics, StartSaysWhyItCannot) {
  start();
  const auto second = [&](ServerOptions options) {
    Server server(options, Router(), {}, waiters, clock, log, metrics);
    return server.start();
  };
  ServerOptions taken = options;
  taken.port = port();
  const auto in_use = second(taken);
  ASSERT_FALSE(in_use);
  EXPECT_EQ(in_use.error().code(), "listen_failed");
  EXPECT_NE(in_use.error().message.find(std::to_string(port())), std::string::npos);
  EXPECT_NE(in_use.error().message.find("in use"), std::string::npos) << in_use.error().message;
  ServerOptions nowhere = options;
  nowhere.address = "192.0.2.1";  // nobody's address
  EXPECT_FALSE(second(nowhere));
  ServerOptions proxies = options;
  proxies.trusted_proxies = {"10.0.0.0/99"};
  EXPECT_EQ(second(proxies).error().code(), "trusted_proxies_invalid");
  ServerOptions tls = options;
  tls.tls_certificate_file = "/does/not/exist.pem";
  const auto no_file = second(tls);
  EXPECT_EQ(no_file.error().code(), "certificate_unusable");
  EXPECT_NE(no_file.error().message.find("/does/not/exist.pem"), std::string::npos);
}

TEST_F(ServerBasics, ManyClientsAtOnce) {
  start();
  std::atomic<int> right = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      RawClient client(port());
      for (int j = 0; j < 50; ++j) {
        const std::string name = std::to_string(i * 1000 + j);
        if (client.ask(get("/echo/" + name)).body == name + " 127.0.0.1 plain") ++right;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 400);
}

}  // namespace
}  // namespace imp::http::test
