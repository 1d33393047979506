#include "http/client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>

#include "http/test_server.h"

namespace imp::http::test {
namespace {

class ClientTest : public ServerTest {
 protected:
  ClientTest() {
    const auto echo = [](const Request& request) {
      std::string seen =
          std::string(name(request.method)) + " " + request.target + " [" + request.body + "]";
      for (const auto& [key, value] : request.headers) seen += "\n" + key + ": " + value;
      return text(200, seen);
    };
    for (const Method method :
         {Method::get, Method::post, Method::put, Method::patch, Method::del}) {
      router.add(method, "/echo", echo);
    }
    router.add(Method::get, "/status/{code}", [](const Request& request) {
      return text(std::stoi(request.param("code")), "body of it");
    });
    for (const Method method : {Method::get, Method::post}) {
      router.add(method, "/redirect/{code}", [](const Request& request) {
        return text(std::stoi(request.param("code")), "").header("location", *request.query("to"));
      });
    }
    router.add(Method::get, "/loop", [this](const Request&) {
      ++loops;
      return see_other("/loop");
    });
    router.add(Method::get, "/slow", [](const Request&) {
      std::this_thread::sleep_for(Milliseconds(500));
      return text(200, "late");
    });
    router.add(Method::get, "/parked", [](const Request& request) {
      if (request.wait_expired) return text(200, "in the end");
      Response response;
      response.body = WaitFor{"never", std::chrono::minutes(5)};
      return response;
    });
    router.add(Method::get, "/large",
               [](const Request&) { return text(200, std::string(1'000'000, 'x')); });
    hot_path = [this](const Request& request) {
      return request.path() == "/zipped" ? prepared : nullptr;
    };
  }
  std::string url(std::string_view target, std::string_view host = "127.0.0.1") const {
    return "http://" + std::string(host) + ":" + std::to_string(port()) + std::string(target);
  }
  std::string code(const Fetch& fetch) {
    const auto answer = client->fetch(fetch);
    return answer ? std::to_string(answer->status) : std::string(answer.error().code());
  }

  std::unique_ptr<Client> client = make_client();
  std::shared_ptr<const Prepared> prepared =
      prepare(std::string(3'000'000, 'z'), {.content_type = "text/plain"});
  std::atomic<int> loops = 0;
};

TEST_F(ClientTest, SendsMethodHeadersAndBody) {
  start();
  const auto answer = client->fetch({.method = "PUT",
                                     .url = url("/echo?a=%2f"),
                                     .headers = {{"X-One", "1"}, {"X-Empty", ""}},
                                     .body = "payload"});
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_TRUE(answer->body.starts_with("PUT /echo?a=%2f [payload]")) << answer->body;
  EXPECT_NE(answer->body.find("\nX-One: 1"), std::string::npos);
  EXPECT_NE(answer->body.find("\nX-Empty: "), std::string::npos);
  EXPECT_NE(answer->body.find("\nUser-Agent: imprimatur"), std::string::npos);
  EXPECT_EQ(answer->body.find("form-urlencoded"), std::string::npos);
  EXPECT_EQ(answer->body.find("Expect"), std::string::npos);
  EXPECT_EQ(answer->header("content-type"), "text/plain; charset=utf-8");
}

TEST_F(ClientTest, EveryMethodIsFramedRight) {
  start();
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    const auto answer = client->fetch({.method = method, .url = url("/echo")});
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->body.starts_with(std::string(method) + " /echo []")) << answer->body;
  }
  const auto head = client->fetch({.method = "HEAD", .url = url("/large")});
  ASSERT_TRUE(head);
  EXPECT_EQ(head->header("content-length"), "1000000");
  EXPECT_EQ(head->body, "");
}

TEST_F(ClientTest, AnyStatusIsAnAnswer) {
  start();
  for (const char* status : {"204", "404", "500", "302"}) {
    EXPECT_EQ(code({.url = url("/status/" + std::string(status))}), status);
  }
}

TEST_F(ClientTest, UndoesCompressionAndCountsWhatComesOut) {
  start();
  const auto whole = client->fetch({.url = url("/zipped"), .body_limit = 3'000'000});
  ASSERT_TRUE(whole) << whole.error().detail;
  EXPECT_EQ(whole->body.size(), 3'000'000U);
  EXPECT_EQ(whole->header("content-encoding"), "gzip");
  EXPECT_EQ(code({.url = url("/zipped"), .body_limit = 2'999'999}), "fetch_body_too_large");
  EXPECT_EQ(code({.url = url("/large"), .body_limit = 999'999}), "fetch_body_too_large");
  // Who names the coding gets it as it is.
  const auto raw = client->fetch({.url = url("/zipped"), .headers = {{"accept-encoding", "gzip"}}});
  ASSERT_TRUE(raw);
  EXPECT_EQ(raw->body, prepared->gzip);
}

TEST_F(ClientTest, StreamsIntoASink) {
  start();
  std::size_t received = 0;
  Fetch fetch{.url = url("/large"), .sink = [&](ByteView bytes) {
                received += bytes.size();
                return true;
              }};
  const auto answer = client->fetch(fetch);
  ASSERT_TRUE(answer);
  EXPECT_EQ(received, 1'000'000U);
  EXPECT_EQ(answer->body, "");
  // An error's body is not the thing that was asked for.
  received = 0;
  fetch.url = url("/status/404");
  EXPECT_EQ(client->fetch(fetch)->body, "body of it");
  EXPECT_EQ(received, 0U);
  fetch.url = url("/large");
  fetch.sink = [](ByteView) { return false; };
  EXPECT_EQ(code(fetch), "fetch_stopped");
  fetch.sink = [](ByteView) -> bool { throw std::runtime_error("sink"); };
  EXPECT_EQ(code(fetch), "fetch_stopped");
}

TEST_F(ClientTest, FollowsRedirectsOnlyWhenAsked) {
  start();
  const std::string there = url("/redirect/302?to=/echo");
  EXPECT_EQ(code({.url = there}), "302");
  EXPECT_EQ(code({.url = there, .redirects = 1}), "200");
  EXPECT_EQ(code({.url = url("/loop"), .redirects = 5}), "fetch_redirect_refused");
  EXPECT_EQ(loops, 6);
  EXPECT_EQ(code({.url = url("/redirect/302?to="), .redirects = 5}), "fetch_redirect_refused");
  EXPECT_EQ(code({.url = url("/redirect/302?to=file:///etc/passwd"), .redirects = 5}),
            "fetch_scheme_refused");
}

TEST_F(ClientTest, RedirectsKeepOrChangeTheMethodAsTheStatusSays) {
  start();
  const struct {
    const char* status;
    const char* seen;
  } table[] = {{"303", "GET /echo []"},
               {"302", "GET /echo []"},
               {"307", "POST /echo [payload]"},
               {"308", "POST /echo [payload]"}};
  for (const auto& row : table) {
    const auto answer =
        client->fetch({.method = "POST",
                       .url = url("/redirect/" + std::string(row.status) + "?to=/echo"),
                       .body = "payload",
                       .redirects = 1});
    ASSERT_TRUE(answer) << row.status;
    EXPECT_TRUE(answer->body.starts_with(row.seen)) << answer->body;
  }
}

TEST_F(ClientTest, CredentialsDoNotFollowToAnotherOrigin) {
  start();
  const Headers credentials = {{"Authorization", "Bearer secret-1"},
                               {"Cookie", "session=secret-2"},
                               {"npm-otp", "secret-3"},
                               {"Accept", "application/json"}};
  const std::string elsewhere = percent_encode(url("/echo", "localhost"));
  const auto crossed = client->fetch(
      {.url = url("/redirect/302?to=" + elsewhere), .headers = credentials, .redirects = 1});
  ASSERT_TRUE(crossed) << crossed.error().detail;
  EXPECT_EQ(crossed->body.find("secret"), std::string::npos) << crossed->body;
  EXPECT_NE(crossed->body.find("Accept: application/json"), std::string::npos);
  // To the same origin they go along.
  const auto same =
      client->fetch({.url = url("/redirect/302?to=/echo"), .headers = credentials, .redirects = 1});
  ASSERT_TRUE(same);
  EXPECT_NE(same->body.find("secret-1"), std::string::npos);
  // A body is not repeated to somebody else.
  EXPECT_EQ(code({.method = "POST",
                  .url = url("/redirect/307?to=" + elsewhere),
                  .body = "client_secret=x",
                  .redirects = 1}),
            "fetch_redirect_refused");
}

TEST_F(ClientTest, TimesOut) {
  start();
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(code({.url = url("/slow"), .timeout = Milliseconds(100)}), "fetch_timed_out");
  EXPECT_LT(std::chrono::steady_clock::now() - before, Milliseconds(450));
}

TEST_F(ClientTest, IsGivenUpWhenTheCallerDoesNotWantItAnyMore) {
  start();
  bool unwanted = false;
  const auto begin = std::chrono::steady_clock::now();
  const auto answer =
      client->fetch({.url = url("/parked"), .timeout = std::chrono::hours(1), .give_up = [&] {
                       return std::exchange(unwanted, true);
                     }});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), "fetch_stopped");
  // Nothing arrived meanwhile: the question is asked by time, not by bytes.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

TEST_F(ClientTest, RefusesAddressesThatAreNotPublic) {
  start();
  Fetch fetch{.url = url("/echo"), .public_addresses_only = true};
  EXPECT_EQ(code(fetch), "fetch_address_refused");
  fetch.url = url("/echo", "localhost");  // by name: only the resolved address tells
  EXPECT_EQ(code(fetch), "fetch_address_refused");
  fetch.url = url("/echo", "[::ffff:127.0.0.1]");
  EXPECT_EQ(code(fetch), "fetch_address_refused");
  fetch.url = url("/echo", "2130706433");  // 127.0.0.1 as one number
  EXPECT_EQ(code(fetch), "fetch_address_refused");
}

TEST_F(ClientTest, AKeptConnectionDoesNotEvadeTheAddressCheck) {
  start();
  Fetch fetch{.url = url("/echo")};
  EXPECT_EQ(code(fetch), "200");  // leaves a connection to a loopback address behind
  fetch.public_addresses_only = true;
  EXPECT_EQ(code(fetch), "fetch_address_refused");
}

TEST_F(ClientTest, RefusesWhatCannotBeSent) {
  start();
  EXPECT_EQ(code({.url = url("/echo"), .https_only = true}), "fetch_scheme_refused");
  EXPECT_EQ(code({.url = "ftp://127.0.0.1/"}), "fetch_scheme_refused");
  EXPECT_EQ(code({.url = "file:///etc/passwd"}), "fetch_scheme_refused");
  EXPECT_EQ(code({.method = "GET /x HTTP/1.1\r\nX:", .url = url("/echo")}),
            "fetch_request_invalid");
  EXPECT_EQ(code({.url = url("/echo\r\nX-Injected: 1")}), "fetch_request_invalid");
  EXPECT_EQ(code({.url = url("/echo"), .headers = {{"x", "1\r\ny: 2"}}}), "fetch_request_invalid");
  EXPECT_EQ(code({.url = "http://user:password@127.0.0.1/"}), "fetch_request_invalid");
  EXPECT_EQ(code({.url = ""}), "fetch_request_invalid");
}

TEST_F(ClientTest, SaysWhenNobodyAnswers) {
  start();
  const std::string nobody = url("/echo");
  server->stop();
  const auto answer = client->fetch({.url = nobody});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), "fetch_unreachable");
  EXPECT_EQ(answer.error().kind(), FailureKind::upstream);
}

TEST_F(ClientTest, IsThreadSafeAndKeepsConnections) {
  start();
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) right += code({.url = url("/echo")}) == "200" ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 120);
}

TEST_F(ClientTest, TalksOverAUnixSocket) {
  const std::string path = "/tmp/imprimatur-http-test-" + std::to_string(::getpid()) + ".sock";
  ::unlink(path.c_str());
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::listen(listener, 1);
  std::thread peer([&] {
    const int connection = ::accept(listener, nullptr, nullptr);
    char request[1000];
    [[maybe_unused]] const auto got = ::recv(connection, request, sizeof request, 0);
    constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nunix";
    ::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
    ::close(connection);
  });
  const auto answer = client->fetch({.url = "http://runner/oidc", .unix_socket = path});
  peer.join();
  ::close(listener);
  ::unlink(path.c_str());
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->body, "unix");
}

}  // namespace
}  // namespace imp::http::test
