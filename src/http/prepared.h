#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/request.h"
#include "http/response.h"

namespace imp::http {

class PageStore;  // http/page_store.h

/// A representation that is served many times: its bytes are made once, and its response heads too,
/// so that answering allocates nothing that grows with the document.
struct Prepared {
  std::string identity;       ///< the document; empty when it is in `identity_file`
  std::string gzip;           ///< the same, gzip; also empty when that would not be smaller
  std::string etag_identity;  ///< strong, with quotes
  std::string etag_gzip;
  /// Complete response heads from the status line to the blank line, without `date`, `x-request-id`
  /// and `connection`, which the server adds. One for each of 200 identity, 200 gzip, 304 of each;
  /// those of gzip are empty when there is no such form.
  std::string head_identity, head_gzip, head_304_identity, head_304_gzip;
  /// Bytes that are sent from a file, which is open as long as this exists.
  std::optional<FileBody> identity_file, gzip_file;

  std::uint64_t bytes() const;  ///< of everything, for those who keep many
};

struct PrepareOptions {
  std::string content_type{};
  std::string cache_control{};
  std::string vary{};    ///< e.g. "Accept, Accept-Encoding"
  Headers extra{};       ///< more headers for every head
  bool compress = true;  ///< false for bodies that are compressed already
  int gzip_level = 6;
  /// Where the bytes of larger forms are kept; null: in the Prepared itself.
  std::shared_ptr<PageStore> pages{};
};

/// Makes the representation. The ETags are derived from SHA-256 of the bytes and the content type.
std::shared_ptr<const Prepared> prepare(std::string document, const PrepareOptions& options);
/// The same for a file whose bytes never change. `etag` is strong, with quotes.
std::shared_ptr<const Prepared> prepare_file(FileBody file, std::string etag,
                                             const PrepareOptions& options);

/// Which of the four heads (and which body) answers this request: accept-encoding with q-values,
/// if-none-match with lists, weak comparison and "*". Pure.
struct PreparedChoice {
  const std::string* head = nullptr;
  std::string_view body;           ///< empty for 304 and HEAD
  const FileBody* file = nullptr;  ///< the body, when it is in a file
  int status = 200;
};
PreparedChoice choose(const Prepared& prepared, const Request& request);

}  // namespace imp::http
