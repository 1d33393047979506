#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/failure.h"

namespace imp::registry {

/// Watches the headers of a tar file (POSIX.1-2017 pax, ustar, GNU long names) as its bytes pass,
/// and refuses what different unpackers read differently, so that what was inspected is what will
/// be unpacked: global headers, second names and sizes, sparse files, values with line
/// breaks, content in entries that have none.
class TarGuard {
 public:
  Result<void> write(ByteView bytes);

 private:
  enum class Keep : std::uint8_t { nothing, extended_header, long_name };

  Result<void> header();
  Result<void> kept();
  Result<void> record(std::string_view key, std::string_view value);
  Result<void> name(std::string_view path);

  std::string block_;       ///< the header block being collected
  std::uint64_t skip_ = 0;  ///< bytes of content and padding that remain
  std::uint64_t keep_ = 0;  ///< of those, how many go to text_
  Keep keeping_ = Keep::nothing;
  std::string text_;
  std::string path_;  ///< what the next entry is called, when it is not in its own block
  std::optional<std::uint64_t> size_;  ///< how large the next entry is, said by an extended header
};

}  // namespace imp::registry
