#include <openssl/ssl.h>
#include <unistd.h>

#include <fstream>

#include "http/certificate.h"
#include "http/client.h"
#include "http/page_store.h"
#include "http/test_server.h"

namespace imp::http::test {
namespace {

class ServerTls : public ServerTest {
 protected:
  ServerTls() : content(3'000'000, 'f') {
    options.tls_certificate_file = certificate.certificate_file;
    options.tls_key_file = certificate.key_file;
    hot_path = [this](const Request& request) -> std::shared_ptr<const Prepared> {
      if (request.path() == "/paged") return paged;
      return request.path() == "/hot" ? prepared : nullptr;
    };
    router.add(Method::get, "/where", [](const Request& request) {
      return text(200, request.secure ? "secure" : "plain");
    });
    router.add(
        Method::post, "/body",
        [](const Request& request) { return text(200, std::to_string(request.body.size())); },
        {.body_limit = 5'000'000});
    router.add(Method::get, "/file", [this](const Request&) {
      Response response;
      response.body = *open_file_body(path);
      return response;
    });
    router.add(Method::get, "/stream", [](const Request&) {
      Response response;
      response.body = StreamBody{[token = std::make_shared<int>(0)]() -> StreamStep {
        if (++*token > 3) return {.bytes = "end", .done = true};
        return {.bytes = "step;", .wait_topic = "none", .wait_at_most = Milliseconds(10)};
      }};
      return response;
    });
    path = certificate.key_file + ".data";
    std::ofstream(path, std::ios::binary) << content;
    client = make_client({.ca_file = certificate.certificate_file});
  }
  ~ServerTls() override { ::unlink(path.c_str()); }

  std::string url(std::string_view target) const {
    return "https://127.0.0.1:" + std::to_string(port()) + std::string(target);
  }

  Certificate certificate;
  std::string content, path;
  std::shared_ptr<const Prepared> prepared =
      prepare(std::string(200'000, 'h'), {.content_type = "text/plain"});
  std::shared_ptr<const Prepared> paged =
      prepare(prepared->identity, {.content_type = "text/plain", .pages = PageStore::create()});
  std::unique_ptr<Client> client;
};

TEST_F(ServerTls, ServesEverythingOverTls) {
  start();
  const auto where = client->fetch({.url = url("/where")});
  ASSERT_TRUE(where) << where.error().detail;
  EXPECT_EQ(where->body, "secure");
  const auto hot = client->fetch({.url = url("/hot")});
  ASSERT_TRUE(hot);
  EXPECT_EQ(hot->body, prepared->identity);
  const auto from_pages = client->fetch({.url = url("/paged")});
  ASSERT_TRUE(from_pages);
  EXPECT_EQ(from_pages->body, prepared->identity);
  const auto file = client->fetch({.url = url("/file"), .body_limit = 10'000'000});
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->body == content);
  const auto body =
      client->fetch({.method = "POST", .url = url("/body"), .body = std::string(4'000'000, 'b')});
  ASSERT_TRUE(body);
  EXPECT_EQ(body->body, "4000000");
  const auto stream = client->fetch({.url = url("/stream")});
  ASSERT_TRUE(stream);
  EXPECT_EQ(stream->body, "step;step;step;end");
}

TEST_F(ServerTls, AClientMustTrustTheCertificate) {
  start();
  const auto answer = make_client()->fetch({.url = url("/where")});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), "fetch_unreachable");
}

TEST_F(ServerTls, PlainTextOnTheTlsPortIsNoHarm) {
  options.head_timeout = Milliseconds(200);
  start();
  RawClient plain(port());
  plain.send(get("/where"));
  EXPECT_EQ(plain.read().status, 0);
  RawClient silent(port());  // never begins the handshake
  EXPECT_TRUE(silent.closed_within(3000));
  EXPECT_TRUE(client->fetch({.url = url("/where")}));
}

TEST_F(ServerTls, OldVersionsAreRefused) {
  start();
  const struct {
    int version;
    bool accepted;
  } table[] = {{TLS1_1_VERSION, false}, {TLS1_2_VERSION, true}, {TLS1_3_VERSION, true}};
  for (const auto& row : table) {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context, 0);  // lets this side offer 1.1 at all
    SSL_CTX_set_min_proto_version(context, row.version);
    SSL_CTX_set_max_proto_version(context, row.version);
    BIO* connection = BIO_new_ssl_connect(context);
    BIO_set_conn_hostname(connection, ("127.0.0.1:" + std::to_string(port())).c_str());
    EXPECT_EQ(BIO_do_connect(connection) == 1, row.accepted) << row.version;
    BIO_free_all(connection);
    SSL_CTX_free(context);
  }
}

TEST_F(ServerTls, StopEndsIdleTlsConnections) {
  start();
  ASSERT_TRUE(client->fetch({.url = url("/where")}));
  const auto before = std::chrono::steady_clock::now();
  server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(3));
}

TEST_F(ServerTls, AKeyOfAnotherCertificateStopsTheStart) {
  const Certificate other;
  options.tls_key_file = other.key_file;
  Server mismatched(options, Router(), {}, waiters, clock, log, metrics);
  const auto started = mismatched.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), "certificate_unusable");
}

}  // namespace
}  // namespace imp::http::test
