#include "http/certificate.h"
#include "http/server.h"
#include "registry/api/trust/identity_fixture.h"

// Keys that are fetched over real TLS, from a server that somebody on the way to the issuer could
// run: what its certificate must be for its keys to be believed.

namespace imp::registry::test {
namespace {

class IssuerOverTls : public IdentityTest {
 protected:
  /// The issuer's documents at this port of 127.0.0.1; without a certificate, in the clear.
  void serve(const http::test::Certificate* certificate) {
    http::ServerOptions options;
    options.port = 0;
    options.io_threads = 1;
    options.database_workers = 1;
    options.outbound_workers = 1;
    if (certificate) {
      options.tls_certificate_file = certificate->certificate_file;
      options.tls_key_file = certificate->key_file;
    }
    http::Router router;
    for (const char* document : {"openid-configuration", "jwks-pub.json"}) {
      router.add(Method::get, std::string("/org/{id}/.well-known/") + document,
                 [this](const http::Request& request) {
                   ++asked_;
                   const auto answer =
                       remote_.healthy({.url = "https://ci.example" + request.target});
                   return http::text(200, answer->body);
                 });
    }
    server_ = std::make_unique<http::Server>(options, std::move(router), http::HotPath(), waiters_,
                                             system_clock_, null_log(), server_metrics_);
    const auto started = server_->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  /// The issuer's name leads there, for a client that trusts the authorities of this file.
  void reach_it_trusting(const std::string& authorities) {
    client_ = http::make_client({.ca_file = authorities});
    remote_.answer([this](http::Fetch request) {
      // The stand-in for the issuer is on this machine; what is tried is its certificate.
      request.public_addresses_only = false;
      request.url.replace(0, std::string_view("https://ci.example").size(),
                          "https://127.0.0.1:" + std::to_string(server_->port()));
      return client_->fetch(request);
    });
  }
  void expect_refused() {
    EXPECT_EQ(exchanged(good()), "503 issuer_unavailable");
    EXPECT_EQ(asked_, 0);
    EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 0);
  }
  void TearDown() override {
    server_.reset();
    remote_.answer(nullptr);
  }

  std::atomic<int> asked_ = 0;

 private:
  SystemClock system_clock_;
  Metrics server_metrics_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::Client> client_;
};

// The counterpart of the rest.
TEST_F(IssuerOverTls, WithACertificateThatIsTrustedIsBelieved) {
  const http::test::Certificate certificate;
  serve(&certificate);
  reach_it_trusting(certificate.certificate_file);
  EXPECT_EQ(exchanged(good()), "201 ok");
  EXPECT_EQ(asked_, 2);
}

TEST_F(IssuerOverTls, WithACertificateOfNobodyKnownIsNot) {
  const http::test::Certificate certificate, other;
  serve(&certificate);
  reach_it_trusting(other.certificate_file);
  expect_refused();
}

TEST_F(IssuerOverTls, WithACertificateOfAnotherHostIsNot) {
  const http::test::Certificate certificate("DNS:localhost,IP:127.0.0.2");
  serve(&certificate);
  reach_it_trusting(certificate.certificate_file);
  expect_refused();
}

TEST_F(IssuerOverTls, WithACertificateWhoseTimeIsOverIsNot) {
  const http::test::Certificate certificate("DNS:localhost,IP:127.0.0.1", -1);
  serve(&certificate);
  reach_it_trusting(certificate.certificate_file);
  expect_refused();
}

TEST_F(IssuerOverTls, ThatAnswersInTheClearIsNot) {
  const http::test::Certificate certificate;
  serve(nullptr);
  reach_it_trusting(certificate.certificate_file);
  expect_refused();
}

}  // namespace
}  // namespace imp::registry::test
