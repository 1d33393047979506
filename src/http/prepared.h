#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/request.h"
#include "http/response.h"

namespace imp::http {

/// A representation that is served many times: its bytes are made once, and its response heads too,
/// so that answering allocates nothing that grows with the document.
struct Prepared {
  std::string identity;       ///< the document
  std::string gzip;           ///< the same, gzip; empty when that would not be smaller
  std::string etag_identity;  ///< strong, with quotes
  std::string etag_gzip;
  /// Complete response heads from the status line to the blank line, without `date`, `x-request-id`
  /// and `connection`, which the server adds. One for each of 200 identity, 200 gzip, 304 of each.
  std::string head_identity, head_gzip, head_304_identity, head_304_gzip;
};

struct PrepareOptions {
  std::string content_type{};
  std::string cache_control{};
  std::string vary{};    ///< e.g. "Accept, Accept-Encoding"
  Headers extra{};       ///< more headers for every head
  bool compress = true;  ///< false for bodies that are compressed already
  int gzip_level = 6;
};

/// Makes the representation. The ETags are derived from SHA-256 of the bytes and the content type.
std::shared_ptr<const Prepared> prepare(std::string document, const PrepareOptions& options);

/// Which of the four heads (and which body) answers this request: accept-encoding with q-values,
/// if-none-match with lists, weak comparison and "*". Pure.
struct PreparedChoice {
  const std::string* head = nullptr;
  std::string_view body;  ///< empty for 304 and HEAD
  int status = 200;
};
PreparedChoice choose(const Prepared& prepared, const Request& request);

}  // namespace imp::http
