#include "webauthn/cbor_bounds.h"

namespace imp::webauthn {
namespace {

constexpr int kDeepest = 4;  // CTAP 2.1 §8

enum MajorType : std::uint8_t { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple };

class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}

  bool item(int depth) {
    std::uint8_t first = 0;
    if (depth > kDeepest || !byte(first)) return false;
    const int type = first >> 5;
    std::uint64_t value = 0;
    if (!argument(first & 0x1f, value)) return false;
    switch (type) {
      case kUnsigned:
      case kNegative:
      case kSimple:
        return true;
      case kBytes:
      case kText:
        if (value > left()) return false;
        at_ += value;
        return true;
      case kArray:
        return items(value, depth);
      case kMap:
        return value <= left() && items(2 * value, depth);
      default:
        return false;
    }
  }
  std::size_t at() const { return at_; }

 private:
  std::size_t left() const { return bytes_.size() - at_; }
  bool byte(std::uint8_t& value) {
    if (left() == 0) return false;
    value = bytes_[at_++];
    return true;
  }
  /// The number in or after an item's first byte; 28 to 31 are reserved or indefinite.
  bool argument(int information, std::uint64_t& value) {
    if (information < 24) {
      value = static_cast<std::uint64_t>(information);
      return true;
    }
    if (information > 27) return false;
    for (int count = 1 << (information - 24); count > 0; --count) {
      std::uint8_t next = 0;
      if (!byte(next)) return false;
      value = value << 8 | next;
    }
    return true;
  }
  bool items(std::uint64_t count, int depth) {
    if (count > left()) return false;  // an item has at least one byte
    for (; count > 0; --count) {
      if (!item(depth + 1)) return false;
    }
    return true;
  }

  ByteView bytes_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<std::size_t> cbor_item_length(ByteView bytes) {
  Reader reader(bytes);
  if (!reader.item(1)) return std::nullopt;
  return reader.at();
}

}  // namespace imp::webauthn
