#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/encoding.h"

namespace imp::registry {

/// Decodes base64 (RFC 4648 §4) in pieces of any size. Strict: the standard alphabet, padding, no
/// blanks, no non-zero trailing bits.
class Base64Stream {
 public:
  /// Appends the decoded bytes to `out`. False at the first character that cannot be; position()
  /// then says which one.
  bool write(std::string_view text, Bytes& out);
  /// True when the text ended where it may.
  bool finish() const { return held_ == 0; }
  std::uint64_t position() const { return position_; }

 private:
  std::uint8_t* whole_groups(const char*& at, const char* end, std::uint8_t* to);

  std::uint32_t group_ = 0;
  int held_ = 0;  ///< characters of the current group of four, padding included
  int padding_ = 0;
  bool ended_ = false;  ///< padding was seen: nothing may follow
  std::uint64_t position_ = 0;
};

}  // namespace imp::registry
