#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/failure.h"

namespace imp::http {

enum class ContentCoding : std::uint8_t { identity, gzip, deflate };

/// The coding named by a Content-Encoding value; a failure (415) for any other and for several.
Result<ContentCoding> content_coding(std::string_view value);

/// Undoes a request body's content coding as it arrives, within bounds: the decoded size is
/// limited, and so is what one call may produce, so that a small upload cannot become a large
/// memory.
class BodyDecoder {
 public:
  /// More decoded bytes than `limit` are a failure (413).
  BodyDecoder(ContentCoding coding, std::uint64_t limit);
  ~BodyDecoder();

  /// Decodes from the front of `raw`, which it shortens, and appends to `out` until `raw` is used
  /// up or `out` has `full` bytes. Make room and call again while `raw` is not empty or has_more().
  Result<void> decode(std::string_view& raw, std::string& out, std::size_t full);
  /// True when bytes that were taken already have more output to give.
  bool has_more() const;
  /// To be called after the last byte: a coded body that stops in the middle is a failure (400).
  Result<void> finish() const;

 private:
  struct Inflater;
  Result<void> inflate_some(std::string_view& raw, std::string& out, std::size_t full);

  std::uint64_t limit_;
  std::uint64_t decoded_ = 0;
  std::uint64_t received_ = 0;
  std::unique_ptr<Inflater> inflater_;  ///< null for identity
};

}  // namespace imp::http
