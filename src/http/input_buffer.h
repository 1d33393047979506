#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace imp::http {

/// Bytes received and not yet used. Small while a connection is idle, and grows to `limit` for
/// large heads and for bodies.
class InputBuffer {
 public:
  explicit InputBuffer(std::size_t limit) : limit_(limit) {}

  std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  bool full() const { return end_ - begin_ >= limit_; }

  /// Room for at least one more byte; call only when not full(). Valid until the next call.
  std::span<char> prepare() {
    if (begin_ == end_) begin_ = end_ = 0;
    if (end_ == capacity_) make_room();
    return {bytes_.get() + end_, capacity_ - end_};
  }
  void commit(std::size_t size) { end_ += size; }
  void consume(std::size_t size) { begin_ += size; }

  /// Gives a large buffer back when nothing is in it: idle connections are many.
  void shrink() {
    if (!empty() || capacity_ <= kSmall) return;
    bytes_.reset();
    begin_ = end_ = capacity_ = 0;
  }

 private:
  static constexpr std::size_t kSmall = 4096;

  void make_room() {
    const std::size_t used = end_ - begin_;
    if (begin_ > 0 && used <= capacity_ / 2) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, used);
    } else {
      const std::size_t wanted = capacity_ == 0 ? kSmall : capacity_ * 4;
      const std::size_t capacity = wanted < limit_ + kSmall ? wanted : limit_ + kSmall;
      auto larger = std::make_unique_for_overwrite<char[]>(capacity);
      if (used != 0) std::memcpy(larger.get(), bytes_.get() + begin_, used);
      bytes_ = std::move(larger);
      capacity_ = capacity;
    }
    begin_ = 0;
    end_ = used;
  }

  std::size_t limit_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0, end_ = 0;
  std::unique_ptr<char[]> bytes_;
};

}  // namespace imp::http
