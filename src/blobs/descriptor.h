#pragma once

#include <unistd.h>

#include <memory>
#include <utility>

namespace imp::blobs {

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    reset();
    number_ = std::exchange(other.number_, -1);
    return *this;
  }

  explicit operator bool() const { return number_ >= 0; }
  int number() const { return number_; }
  void reset() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }
  /// Hands it over to be closed with the last copy of the pointer.
  std::shared_ptr<const int> share() && {
    return {new int(std::exchange(number_, -1)), [](const int* number) {
              ::close(*number);
              delete number;
            }};
  }

 private:
  int number_ = -1;
};

}  // namespace imp::blobs
