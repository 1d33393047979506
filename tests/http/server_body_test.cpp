#include "http/test_server.h"

#include <atomic>

namespace imp::http::test {
namespace {

std::string gzip_of(const std::string& text) {
  return prepare(text, {.content_type = "text/plain"})->gzip;
}

std::string post(std::string_view path, std::string_view headers, std::string_view body) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(headers) + "\r\n" + std::string(body);
}

class ServerBody : public ServerTest {
 protected:
  ServerBody() {
    router.add(Method::post, "/count",
               [this](const Request& request) {
                 ++handled;
                 return text(200, std::to_string(request.body.size()));
               },
               {.body_limit = 100'000});
    router.add(Method::get, "/hello", [](const Request&) { return text(200, "hello"); });
  }
  std::atomic<int> handled = 0;
};

TEST_F(ServerBody, ReadsChunkedAndCompressedBodies) {
  start();
  RawClient client(port());
  EXPECT_EQ(client
                .ask("POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "3\r\nabc\r\n4;x\r\ndefg\r\n0\r\nTrailer: x\r\n\r\n")
                .body,
            "7");
  const std::string text(90'000, 'z');
  EXPECT_EQ(client.ask(post("/count", "Content-Encoding: gzip\r\n", gzip_of(text))).body, "90000");
  EXPECT_EQ(client.ask(post("/count", "", "")).body, "0");
}

TEST_F(ServerBody, TheLimitCountsWhatComesOutOfTheCompression) {
  start();
  const std::string bomb = gzip_of(std::string(10 << 20, '\0'));
  ASSERT_LT(bomb.size(), 100'000U);
  const RawAnswer answer = ask(post("/count", "Content-Encoding: gzip\r\n", bomb));
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(handled, 0);
  EXPECT_EQ(ask(post("/count", "Content-Encoding: gzip\r\n", "not gzip at all")).status, 400);
  const RawAnswer unknown = ask(post("/count", "Content-Encoding: br\r\n", "abc"));
  EXPECT_EQ(unknown.status, 415);
  EXPECT_EQ(unknown.header("accept-encoding"), "gzip, deflate");
  // Two layers would multiply the expansion.
  EXPECT_EQ(ask(post("/count", "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n", "x")).status,
            415);
}

TEST_F(ServerBody, ContinueIsSentWhenTheBodyIsWanted) {
  start();
  RawClient client(port());
  client.send(
      "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read().status, 100);
  EXPECT_EQ(client.ask("abc").body, "3");
  // One that does not wait for it is not told.
  EXPECT_EQ(client.ask(post("/count", "Expect: 100-continue\r\n", "abcd")).body, "4");
}

TEST_F(ServerBody, ContinueIsNotSentWhenTheHeadIsRefused) {
  start();
  const struct {
    const char* head;
    int status;
  } table[] = {
      {"POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\nExpect: 100-continue\r\n\r\n",
       413},
      {"POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
       404},
      {"POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 200-ok\r\n\r\n", 417},
  };
  for (const auto& row : table) {
    RawClient client(port());
    client.send(row.head);
    if (row.status == 417) client.send("abc");
    const RawAnswer answer = client.read();
    EXPECT_EQ(answer.status, row.status) << row.head;
    if (row.status == 417) continue;
    // Whether the body comes after all cannot be known: the connection ends.
    EXPECT_EQ(answer.header("connection"), "close");
    client.close();
  }
}

TEST_F(ServerBody, MalformedChunksAre400) {
  start();
  RawClient client(port());
  const RawAnswer answer = client.ask(
      "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n0\r\n\r\n");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_EQ(handled, 0);
}

TEST_F(ServerBody, ABodyCutOffNeverReachesTheHandler) {
  start();
  {
    RawClient client(port());
    client.send("POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  }
  EXPECT_EQ(ask(get("/hello")).status, 200);
  EXPECT_EQ(handled, 0);
}

}  // namespace
}  // namespace imp::http::test
