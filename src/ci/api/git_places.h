#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace imp::ci {

/// How many git programs may run at a time for clients: each takes a process and its memory for as
/// long as its client reads, and a slow client reads for long. Thread-safe.
class GitPlaces {
 public:
  explicit GitPlaces(std::size_t most)
      : taken_(std::make_shared<std::atomic<std::size_t>>(0)), most_(most) {}

  /// A place until the last copy of the pointer goes; null when all are taken.
  std::shared_ptr<void> take() {
    if (taken_->fetch_add(1) >= most_) {
      --*taken_;
      return nullptr;
    }
    return {taken_.get(), [taken = taken_](void*) { --*taken; }};
  }

 private:
  std::shared_ptr<std::atomic<std::size_t>> taken_;
  std::size_t most_;
};

}  // namespace imp::ci
