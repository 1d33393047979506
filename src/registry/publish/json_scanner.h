#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/failure.h"
#include "registry/publish/json_string.h"

namespace imp::registry {

/// Receives what JsonScanner finds.
class JsonEvents {
 public:
  virtual ~JsonEvents() = default;
  /// Asked when a string value begins: true streams its decoded content to string_piece(), and
  /// leaves an empty string in text().
  virtual bool wants_stream() = 0;
  /// A decoded piece of a streamed string, in order; valid UTF-8 in sum, not in each piece.
  virtual Result<void> string_piece(std::string_view piece) = 0;
  virtual Result<void> string_end() = 0;
  /// Bytes of the document as they came, but for the content of streamed strings.
  virtual Result<void> text(std::string_view raw) = 0;
};

/// What one document may make the reader, and whoever parses the kept text, remember.
struct ScanLimits {
  std::size_t depth = 64;
  std::size_t values = 2'000'000;
  std::size_t open_keys = 200'000;  ///< of all objects that are open at the same time
};

/// An incremental reader of one JSON document (RFC 8259). Takes its bytes in pieces of any size,
/// keeps no more than the keys of the open objects, and is strict: well-formed UTF-8, paired
/// surrogates, no key twice in one object (compared after unescaping), nothing after the document.
class JsonScanner {
 public:
  JsonScanner(JsonEvents& events, const ScanLimits& limits);
  Result<void> write(std::string_view bytes);
  /// The document must be complete.
  Result<void> finish();

  std::uint64_t offset() const { return offset_; }
  /// The keys of the objects around the current value, outermost first; an array's place is "[n]".
  /// Valid inside JsonEvents' calls and in between.
  const std::vector<std::string>& path() const { return path_; }
  /// For messages: `at byte 812, in _attachments/a-1.0.0.tgz/data`.
  std::string where() const;

 private:
  enum class State : std::uint8_t {
    value,
    first_value_or_end,
    first_key_or_end,
    key,
    colon,
    comma_or_end,
    string,
    literal,
    number,
    done,
  };
  enum class Number : std::uint8_t {
    minus,
    zero,
    digits,
    point,
    fraction,
    exponent,
    exponent_sign,
    exponent_digits,
  };
  struct Level {
    bool object = false;
    std::unordered_set<std::string> keys;
    std::size_t index = 0;
  };

  Result<void> step(char byte);
  Result<void> begin_value(char byte);
  Result<void> open(bool object);
  Result<void> close(char byte);
  void end_value();
  Result<void> end_string();
  Result<std::size_t> scan_string(std::string_view bytes);
  Result<bool> number_continues(char byte);
  bool number_complete() const;
  std::unexpected<Failure> malformed(std::string_view what) const;

  JsonEvents& events_;
  ScanLimits limits_;
  std::size_t values_ = 0;
  std::size_t open_keys_ = 0;
  std::uint64_t offset_ = 0;
  State state_ = State::value;
  std::vector<Level> levels_;
  std::vector<std::string> path_;

  JsonStringDecoder string_;
  std::string decoded_;  ///< the key so far, or a piece of a streamed string
  bool is_key_ = false;
  bool streaming_ = false;
  std::string_view literal_;  ///< what remains of true, false or null
  Number number_ = Number::minus;
};

}  // namespace imp::registry
