#pragma once

#include <unistd.h>

#include <memory>
#include <utility>

namespace imp {

/// An owned file descriptor, closed at the end.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  /// Closes what it held, at once: a lock may hang on it.
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this == &other) return *this;
    reset();
    number_ = std::exchange(other.number_, -1);
    return *this;
  }
  ~Descriptor() { reset(); }

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
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

}  // namespace imp
