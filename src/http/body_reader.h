#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/body_decoder.h"
#include "http/connection.h"
#include "http/request_parser.h"

namespace imp::http {

/// 413 for a body over the route's limit.
Failure body_too_large(std::uint64_t limit);

/// Reads one request's body from its connection, undoing chunks and content coding within the
/// limit.
class BodyReader {
 public:
  enum class Outcome : std::uint8_t {
    more,       ///< `out` is full; call again
    complete,   ///< that was all
    refused,    ///< failure() says why; the rest cannot be read
    timed_out,  ///< the client stalled; failure() says so
    gone,       ///< the client went away
  };

  BodyReader(Connection& connection, RequestParser& parser, Request& request)
      : connection_(connection), parser_(parser), request_(request) {}

  /// For a request whose head has been parsed; the coding must be a known one.
  void begin(std::uint64_t limit, std::string_view content_encoding);
  /// The client does not wait to be asked for the body, which has at most `size` bytes.
  bool comes_unasked(std::uint64_t size) const;
  /// Somebody wants the body: sends 100-continue if the client waits for it. False: it has gone.
  Awaitable<bool> accept();
  /// Appends decoded bytes until `out` has `full` of them or the body ends.
  Awaitable<Outcome> read(std::string& out, std::size_t full);
  /// Reads and drops what is left, at most `limit` bytes of it. False: it is still there, and the
  /// connection cannot carry another request.
  Awaitable<bool> drain(std::uint64_t limit);
  /// The rest is not worth reading: drain() will not.
  void abandon() { abandoned_ = true; }

  const Failure& failure() const { return *failure_; }

 private:
  enum class Step : std::uint8_t { bytes, end, malformed, timed_out, gone };
  Awaitable<Step> next_bytes();
  Outcome fail(Failure failure, Outcome outcome);

  Connection& connection_;
  RequestParser& parser_;
  Request& request_;
  std::optional<BodyDecoder> decoder_;
  std::string_view raw_;  ///< of parser_.body(), not decoded yet
  std::optional<Failure> failure_;
  bool accepted_ = false;
  bool abandoned_ = false;
};

}  // namespace imp::http
