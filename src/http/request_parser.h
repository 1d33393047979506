#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/failure.h"
#include "http/http_refusal.h"
#include "http/request.h"

namespace imp::http {

/// What is wrong with the bytes, for the one answer before the connection is closed.
struct ParseFailure {
  HttpRefusal refusal;
  std::string message;
};

/// Reads one HTTP/1 request (RFC 9112) from bytes as they arrive: Beast's grammar, and on top of it
/// refused whatever two servers could read differently: folded header lines, more than one
/// Content-Length or Host, Content-Length beside Transfer-Encoding, any transfer coding but one
/// "chunked", a missing Host. Does no I/O.
class RequestParser {
 public:
  enum class Expectation : std::uint8_t { none, continue_100, unknown };

  /// `head_limit`: bytes from the request line to the blank line.
  explicit RequestParser(std::size_t head_limit);
  ~RequestParser();

  /// Forgets everything: the next byte starts a new request.
  void reset();
  /// Parses from the front of `bytes` and returns how many were used; present the rest again, with
  /// more behind it. Stops after the head (which fills `request`), so that the caller can look at
  /// it before the body. Not to be called once done().
  std::expected<std::size_t, ParseFailure> feed(std::string_view bytes, Request& request);

  bool head_done() const;
  /// The head, and the body if there is one, are complete.
  bool done() const;
  /// Body bytes of the calls to feed() so far, without the chunked coding; the caller takes them.
  std::string& body();

  // Facts of the head, once head_done().
  bool is_http_1_1() const;
  bool keep_alive() const;
  Expectation expectation() const;
  std::optional<std::uint64_t> content_length() const;
  /// Every Content-Encoding line, joined by commas.
  const std::string& content_encoding() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace imp::http
