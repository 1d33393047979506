#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace imp::registry {

/// Decodes the inside of a JSON string (RFC 8259 §7) in pieces of any size: escapes, surrogate
/// pairs, and a check that the rest is UTF-8.
class JsonStringDecoder {
 public:
  enum class Outcome : std::uint8_t { more, end, malformed };

  void reset() { *this = JsonStringDecoder(); }
  /// Reads from the front of `bytes` up to and including the closing quote, adds what it decodes to
  /// `out`, and says in `taken` how many bytes it read.
  Outcome write(std::string_view bytes, std::string& out, std::size_t& taken);
  /// What is wrong, after `malformed`.
  std::string_view fault() const { return fault_; }

 private:
  enum class State : std::uint8_t { plain, escape, unicode, low_backslash, low_u };

  bool plain(unsigned char byte, std::string& out);
  bool escape(char byte, std::string& out);
  bool unicode(char byte, std::string& out);
  bool fail(std::string_view what);

  State state_ = State::plain;
  std::uint32_t unit_ = 0;  ///< of the \u escape being read
  int digits_ = 0;
  std::uint32_t high_ = 0;       ///< a high surrogate that waits for its low one
  int missing_ = 0;              ///< continuation bytes that must follow
  unsigned char lowest_ = 0x80;  ///< bounds of the next continuation byte
  unsigned char highest_ = 0xbf;
  std::string_view fault_;
};

}  // namespace imp::registry
