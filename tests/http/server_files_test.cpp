#include "http/test_server.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace imp::http::test {
namespace {

class ServerFiles : public ServerTest {
 protected:
  ServerFiles() {
    char name[] = "/tmp/imprimatur-http-test-XXXXXX";
    const int descriptor = ::mkstemp(name);
    ::close(descriptor);
    path = name;
    content.resize(5'000'000);
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31 >> 3);
    std::ofstream(path, std::ios::binary) << content;
    kept = prepare_file(*open_file_body(path), "\"hash\"",
                        {.content_type = "application/octet-stream",
                         .cache_control = "public, immutable",
                         .extra = {{"accept-ranges", "none"}}});
    router.add(Method::get, "/file", [this](const Request&) {
      Response response;
      response.headers = {{"content-type", "application/octet-stream"}};
      response.body = *open_file_body(path);
      return response;
    });
    hot_path = [this](const Request& request) -> std::shared_ptr<const Prepared> {
      return request.path() == "/kept" ? kept : nullptr;
    };
    router.add(Method::get, "/part", [this](const Request&) {
      FileBody body = *open_file_body(path);
      body.offset = 1000;
      body.size = 70'000;
      Response response;
      response.body = body;
      return response;
    });
    router.add(Method::get, "/shorter", [this](const Request&) {
      FileBody body = *open_file_body(path);
      body.size += 1000;  // as if the file had been cut after it was opened
      Response response;
      response.body = body;
      return response;
    });
  }
  ~ServerFiles() override { ::unlink(path.c_str()); }

  std::string path, content;
  std::shared_ptr<const Prepared> kept;
};

TEST_F(ServerFiles, SendsFilesAsTheyAre) {
  start();
  RawClient client(port());
  const RawAnswer whole = client.ask(get("/file"));
  EXPECT_TRUE(whole.complete);
  EXPECT_TRUE(whole.body == content);
  EXPECT_EQ(whole.header("accept-ranges"), "none");
  EXPECT_TRUE(client.ask(get("/part")).body == content.substr(1000, 70'000));
  const RawAnswer head = client.ask("HEAD /file HTTP/1.1\r\nHost: a\r\n\r\n", true);
  EXPECT_EQ(head.header("content-length"), std::to_string(content.size()));
  EXPECT_EQ(client.ask(get("/part")).status, 200);
}

TEST_F(ServerFiles, AnOpenFileIsSentFromTheHotPath) {
  start();
  RawClient client(port());
  for (int i = 0; i < 3; ++i) {
    const RawAnswer whole = client.ask(get("/kept", "Accept-Encoding: gzip\r\n"));
    EXPECT_EQ(whole.status, 200);
    EXPECT_TRUE(whole.body == content);
    EXPECT_EQ(whole.header("content-length"), std::to_string(content.size()));
    EXPECT_EQ(whole.header("content-encoding"), "");
    EXPECT_EQ(whole.header("etag"), "\"hash\"");
    EXPECT_FALSE(whole.header("x-request-id").empty());
  }
  const RawAnswer head = client.ask("HEAD /kept HTTP/1.1\r\nHost: a\r\n\r\n", true);
  EXPECT_EQ(head.header("content-length"), std::to_string(content.size()));
  const RawAnswer same = client.ask(get("/kept", "If-None-Match: \"x\", \"hash\"\r\n"));
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(client.ask(get("/part")).status, 200);
}

TEST_F(ServerFiles, PipelinedRequestsForAnOpenFileComeInOrder) {
  start();
  RawClient client(port());
  client.send(get("/kept") + get("/part") + get("/kept"));
  EXPECT_TRUE(client.read().body == content);
  EXPECT_EQ(client.read().body.size(), 70'000U);
  EXPECT_TRUE(client.read().body == content);
}

TEST_F(ServerFiles, AFileThatShrankBreaksTheConnectionOff) {
  start();
  RawClient client(port());
  const RawAnswer answer = client.ask(get("/shorter"));
  EXPECT_FALSE(answer.complete);
  EXPECT_EQ(answer.body.size(), content.size());
}

TEST_F(ServerFiles, AClientThatLeavesEndsTheTransfer) {
  start();
  for (int i = 0; i < 10; ++i) {
    RawClient client(port());
    client.send(get("/file"));
    client.reset_on_close();
  }
  EXPECT_EQ(ask(get("/part")).status, 200);
}

}  // namespace
}  // namespace imp::http::test
