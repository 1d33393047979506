#include "http/page_store.h"
#include "http/test_server.h"

#include <atomic>

namespace imp::http::test {
namespace {

class ServerHotPath : public ServerTest {
 protected:
  ServerHotPath() {
    prepared = prepare(std::string(30'000, 'p'), {.content_type = "application/json",
                                                  .cache_control = "public, max-age=300",
                                                  .vary = "Accept-Encoding"});
    paged = prepare(std::string(30'000, 'p'), {.content_type = "application/json", .pages = pages});
    hot_path = [this](const Request& request) -> std::shared_ptr<const Prepared> {
      ++asked;
      if (request.path() == "/explodes") throw std::runtime_error("hot");
      if (request.path() == "/paged") return paged;
      return request.path() == "/lodash" ? prepared : nullptr;
    };
    router.add(Method::get, "/cold", [](const Request&) { return text(200, "cold"); });
    router.add(Method::put, "/lodash", [](const Request&) { return text(200, "put"); });
    router.add(Method::get, "/explodes", [](const Request&) { return text(200, "cold"); });
    router.add(Method::get, "/late", [this](const Request&) {
      Response response;
      response.headers = {{"x-late", "yes"}};
      response.body = prepared;
      return response;
    });
  }
  const std::shared_ptr<PageStore> pages = PageStore::create();
  std::shared_ptr<const Prepared> prepared, paged;
  std::atomic<int> asked = 0;
};

TEST_F(ServerHotPath, ServesPreparedBytes) {
  start();
  RawClient client(port());
  const RawAnswer whole = client.ask(get("/lodash"));
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, prepared->identity);
  EXPECT_EQ(whole.header("etag"), prepared->etag_identity);
  EXPECT_FALSE(whole.header("x-request-id").empty());
  EXPECT_FALSE(whole.header("date").empty());
  const RawAnswer gzip = client.ask(get("/lodash", "Accept-Encoding: gzip\r\n"));
  EXPECT_EQ(gzip.header("content-encoding"), "gzip");
  EXPECT_EQ(gzip.body, prepared->gzip);
  const RawAnswer same =
      client.ask(get("/lodash", "If-None-Match: " + prepared->etag_identity + "\r\n"));
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.header("etag"), prepared->etag_identity);
  const RawAnswer head = client.ask("HEAD /lodash HTTP/1.1\r\nHost: a\r\n\r\n", true);
  EXPECT_EQ(head.header("content-length"), "30000");
  EXPECT_EQ(client.ask(get("/cold")).body, "cold");
  const RawAnswer late = client.ask(get("/late"));
  EXPECT_EQ(late.body, prepared->identity);
  EXPECT_EQ(late.header("x-late"), "yes");
}

TEST_F(ServerHotPath, ServesTheSameBytesFromPages) {
  start();
  RawClient client(port());
  for (const char* more : {"", "Accept-Encoding: gzip\r\n"}) {
    const RawAnswer copied = client.ask(get("/lodash", more));
    const RawAnswer sent = client.ask(get("/paged", more));
    EXPECT_EQ(sent.status, 200);
    EXPECT_EQ(sent.body, copied.body);
    EXPECT_EQ(sent.header("etag"), copied.header("etag"));
    EXPECT_EQ(sent.header("content-length"), copied.header("content-length"));
  }
  const RawAnswer head = client.ask("HEAD /paged HTTP/1.1\r\nHost: a\r\n\r\n", true);
  EXPECT_EQ(head.header("content-length"), "30000");
  EXPECT_EQ(client.ask(get("/cold")).body, "cold");
}

TEST_F(ServerHotPath, IsInTheAccessLogLikeEveryRequest) {
  start();
  EXPECT_EQ(ask(get("/lodash", "X-Request-Id: hot-1\r\n")).status, 200);
  EXPECT_TRUE(eventually([&] {
    return log.has("request method=GET pattern=(prepared) status=200") && log.has("id=hot-1");
  }));
}

TEST_F(ServerHotPath, IsAskedOnlyForReads) {
  start();
  EXPECT_EQ(ask("PUT /lodash HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").body, "put");
  EXPECT_EQ(asked, 0);
}

TEST_F(ServerHotPath, AnExceptionFallsBackToTheRoute) {
  start();
  EXPECT_EQ(ask(get("/explodes")).body, "cold");
  EXPECT_TRUE(log.has("hot path failed"));
}

TEST_F(ServerHotPath, PipelinedLargeAnswersSurviveASlowReader) {
  start();
  RawClient client(port());
  std::string all;
  for (int i = 0; i < 150; ++i) all += get("/lodash") + get("/paged");  // 9 MB of answers
  std::thread sender([&] { client.send(all); });
  std::this_thread::sleep_for(Milliseconds(200));  // the socket's buffers fill up meanwhile
  for (int i = 0; i < 300; ++i) ASSERT_EQ(client.read().body.size(), 30'000U) << i;
  sender.join();
}

}  // namespace
}  // namespace imp::http::test
