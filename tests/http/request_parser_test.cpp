#include "http/request_parser.h"

#include <gtest/gtest.h>

namespace imp::http {
namespace {

constexpr std::size_t kLimit = 64 * 1024;

struct Parsed {
  Request request;
  std::string body;
  std::string error;  ///< empty when the request was read to its end
  HttpRefusal refusal{};
  std::size_t used = 0;
  bool done = false;
};

/// Presents the bytes `step` at a time, as a socket would.
Parsed parse(std::string_view bytes, std::size_t step = std::string::npos,
             std::size_t limit = kLimit) {
  RequestParser parser(limit);
  Parsed parsed;
  std::size_t arrived = 0;
  while (!parser.done()) {
    const auto used = parser.feed(bytes.substr(parsed.used, arrived - parsed.used), parsed.request);
    if (!used) {
      parsed.error = used.error().message;
      parsed.refusal = used.error().refusal;
      return parsed;
    }
    parsed.used += *used;
    if (*used == 0 || parsed.used == arrived) {
      if (arrived == bytes.size() && *used == 0) break;
      arrived += std::min(step, bytes.size() - arrived);
    }
  }
  parsed.done = parser.done();
  parsed.body = parser.body();
  return parsed;
}

std::string with(std::string_view lines, std::string_view body = {}) {
  return "POST /x HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n" + std::string(body);
}

TEST(RequestParser, ReadsARequestHoweverItArrives) {
  const std::string bytes =
      "PUT /@s%2fa?x=1 HTTP/1.1\r\nHost: registry.test:4873\r\nX-A:  padded \r\nX-Empty:\r\n"
      "Transfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nX-Trailer: dropped\r\n\r\n";
  for (const std::size_t step :
       {std::string::npos, std::size_t(1), std::size_t(2), std::size_t(7)}) {
    const Parsed parsed = parse(bytes, step);
    ASSERT_EQ(parsed.error, "") << step;
    EXPECT_TRUE(parsed.done);
    EXPECT_EQ(parsed.used, bytes.size());
    EXPECT_EQ(parsed.request.method, Method::put);
    EXPECT_EQ(parsed.request.target, "/@s%2fa?x=1");
    EXPECT_EQ(parsed.request.header("x-a"), "padded");
    EXPECT_TRUE(parsed.request.has_header("x-empty"));
    EXPECT_FALSE(parsed.request.has_header("x-trailer"));
    EXPECT_EQ(parsed.body, "hello world");
  }
}

TEST(RequestParser, StopsAtTheEndOfOneRequest) {
  const std::string first = with("Content-Length: 3\r\n", "abc");
  const Parsed parsed = parse(first + "GET / HTTP/1.1\r\n");
  EXPECT_TRUE(parsed.done);
  EXPECT_EQ(parsed.used, first.size());
  EXPECT_EQ(parsed.body, "abc");
}

TEST(RequestParser, RefusesWhatTwoServersCouldReadDifferently) {
  const struct {
    const char* what;
    std::string bytes;
  } table[] = {
      {"both framings", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")},
      {"both framings, the other way", with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")},
      {"two lengths", with("Content-Length: 5\r\nContent-Length: 6\r\n")},
      {"two equal lengths", with("Content-Length: 5\r\nContent-Length: 5\r\n")},
      {"a list of lengths", with("Content-Length: 5, 5\r\n")},
      {"a signed length", with("Content-Length: +5\r\n")},
      {"a negative length", with("Content-Length: -5\r\n")},
      {"a hexadecimal length", with("Content-Length: 0x5\r\n")},
      {"an empty length", with("Content-Length:\r\n")},
      {"a length beyond 64 bits", with("Content-Length: 99999999999999999999\r\n")},
      {"two codings", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
      {"a list of codings", with("Transfer-Encoding: gzip, chunked\r\n")},
      {"chunked not last", with("Transfer-Encoding: chunked, identity\r\n")},
      {"an unknown coding", with("Transfer-Encoding: xchunked\r\n")},
      {"a disguised coding", with("Transfer-Encoding: \x0b"
                                  "chunked\r\n")},
      {"identity", with("Transfer-Encoding: identity\r\n")},
      {"a parameter", with("Transfer-Encoding: chunked;q=1\r\n")},
      {"chunked in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"space before the colon", with("Content-Length : 5\r\n")},
      {"space before the name", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
      {"a folded line", with("X-A: 1\r\n 2\r\n")},
      {"a line folded by a tab", with("X-A: 1\r\n\tTransfer-Encoding: chunked\r\n")},
      {"a folded coding", with("Transfer-Encoding:\r\n chunked\r\n")},
      {"bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"},
      {"bare LF between headers", "GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n"},
      {"bare LF at the end", "GET / HTTP/1.1\r\nHost: a\n\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"bare CR in a value", with("X-A: 1\rContent-Length: 5\r\n")},
      {"NUL in a value", with(std::string("X-A: 1\0002\r\n", 10))},
      {"NUL in a name", with(std::string("X\0A: 1\r\n", 8))},
      {"no name", with(": 1\r\n")},
      {"no colon", with("X-A\r\n")},
      {"a line break in the method", "GE\r\nT / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"no host", "GET / HTTP/1.1\r\n\r\n"},
      {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
      {"an empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
      {"a host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
      {"a host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a tab", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"no version", "GET /\r\nHost: a\r\n\r\n"},
      {"a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a raw byte above ASCII", "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"an asterisk for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a TLS hello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8)},
      // Chunks.
      {"chunk size not a number", with("Transfer-Encoding: chunked\r\n", "x\r\n0\r\n\r\n")},
      {"signed chunk size", with("Transfer-Encoding: chunked\r\n", "+5\r\nhello\r\n0\r\n\r\n")},
      {"prefixed chunk size", with("Transfer-Encoding: chunked\r\n", "0x5\r\nhello\r\n0\r\n\r\n")},
      {"chunk size beyond 64 bits",
       with("Transfer-Encoding: chunked\r\n", "10000000000000005\r\nhello\r\n0\r\n\r\n")},
      {"chunk longer than it says",
       with("Transfer-Encoding: chunked\r\n", "3\r\nhello\r\n0\r\n\r\n")},
      {"bare LF after a chunk size",
       with("Transfer-Encoding: chunked\r\n", "5\nhello\r\n0\r\n\r\n")},
      {"bare LF after a chunk", with("Transfer-Encoding: chunked\r\n", "5\r\nhello\n0\r\n\r\n")},
      {"a huge chunk extension",
       with("Transfer-Encoding: chunked\r\n", "5;" + std::string(1000, 'a') + "\r\nhello\r\n")},
  };
  for (const auto& row : table) {
    for (const std::size_t step : {std::string::npos, std::size_t(1)}) {
      const Parsed parsed = parse(row.bytes, step);
      EXPECT_NE(parsed.error, "") << row.what;
      EXPECT_EQ(parsed.refusal, HttpRefusal::malformed_request) << row.what;
      EXPECT_FALSE(parsed.done) << row.what;
    }
  }
}

TEST(RequestParser, AcceptsWhatIsUnusualButClear) {
  const struct {
    const char* what;
    std::string bytes;
    const char* target;
  } table[] = {
      {"1.0 without host", "GET /a HTTP/1.0\r\n\r\n", "/a"},
      {"a blank line first", "\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n", "/a"},
      {"absolute form", "GET http://b:80/a?x HTTP/1.1\r\nHost: a\r\n\r\n", "/a?x"},
      {"absolute form without a path", "GET HTTP://b HTTP/1.1\r\nHost: a\r\n\r\n", "/"},
      {"an IPv6 host", "GET /a HTTP/1.1\r\nHost: [::1]:4873\r\n\r\n", "/a"},
      {"asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "*"},
      {"an unknown method", "BREW /a HTTP/1.1\r\nHost: a\r\n\r\n", "/a"},
      {"chunked in capitals", with("Transfer-Encoding: Chunked\r\n", "0\r\n\r\n"), "/x"},
      {"leading zeros", with("Content-Length: 003\r\n", "abc"), "/x"},
      {"obs-text in a value", with("X-A: \xe9\r\n"), "/x"},
  };
  for (const auto& row : table) {
    for (const std::size_t step : {std::string::npos, std::size_t(1)}) {
      const Parsed parsed = parse(row.bytes, step);
      EXPECT_EQ(parsed.error, "") << row.what;
      EXPECT_TRUE(parsed.done) << row.what;
      EXPECT_EQ(parsed.request.target, row.target) << row.what;
    }
  }
}

TEST(RequestParser, TheAuthorityOfTheTargetReplacesHost) {
  const Parsed parsed = parse("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(parsed.request.header("host"), "b");
}

TEST(RequestParser, TellsOtherVersionsFromNonsense) {
  EXPECT_EQ(parse("GET / HTTP/2.0\r\nHost: a\r\n\r\n").refusal, HttpRefusal::unsupported_version);
  EXPECT_EQ(parse("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").refusal, HttpRefusal::unsupported_version);
  EXPECT_EQ(parse("GET / HTTP/1.1x\r\nHost: a\r\n\r\n").refusal, HttpRefusal::malformed_request);
  EXPECT_EQ(parse("GET / http/1.1\r\nHost: a\r\n\r\n").refusal, HttpRefusal::malformed_request);
}

TEST(RequestParser, LimitsTheHead) {
  const std::string fits = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(1000, 'x') + "\r\n\r\n";
  for (const std::size_t step : {std::string::npos, std::size_t(1)}) {
    EXPECT_TRUE(parse(fits, step, fits.size()).done);
    EXPECT_EQ(parse(fits, step, fits.size() - 1).refusal, HttpRefusal::head_too_large);
    // Many short lines, each of which fits.
    std::string lines = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 200; ++i) lines += "X: 1234567\r\n";
    EXPECT_EQ(parse(lines + "\r\n", step, 1024).refusal, HttpRefusal::head_too_large);
    // A request line that never ends.
    EXPECT_EQ(parse("GET /" + std::string(2000, 'a'), step, 1024).refusal,
              HttpRefusal::head_too_large);
  }
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 600; ++i) many += "X:\r\n";
  EXPECT_EQ(parse(many + "\r\n").refusal, HttpRefusal::head_too_large);
}

TEST(RequestParser, SaysWhetherTheConnectionStays) {
  const struct {
    std::string bytes;
    bool keep;
  } table[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", false},
      {"GET / HTTP/1.0\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
  };
  for (const auto& row : table) {
    RequestParser parser(kLimit);
    Request request;
    ASSERT_TRUE(parser.feed(row.bytes, request));
    EXPECT_EQ(parser.keep_alive(), row.keep) << row.bytes;
  }
}

}  // namespace
}  // namespace imp::http
