#pragma once

#include <expected>
#include <string>
#include <utility>

#include "base/failure.h"

namespace imp::demo {

/// What a step met instead of what the guide says.
struct Surprise {
  std::string expected;
  std::string came;
};

template <class T>
using Outcome = std::expected<T, Surprise>;

inline std::unexpected<Surprise> surprise(std::string expected, std::string came) {
  return std::unexpected(Surprise{std::move(expected), std::move(came)});
}

/// Hands on what another call met.
template <class T>
std::unexpected<Surprise> relay(const Outcome<T>& met) {
  return std::unexpected(met.error());
}

/// A failure of this program's own parts, told as a surprise.
template <class T>
std::unexpected<Surprise> relay(const Result<T>& failed, std::string expected) {
  const Failure& failure = failed.error();
  return surprise(std::move(expected), failure.detail.empty()
                                           ? failure.message
                                           : failure.message + " " + failure.detail);
}

inline Outcome<void> expect(bool holds, std::string expected, std::string came) {
  if (holds) return {};
  return surprise(std::move(expected), std::move(came));
}

}  // namespace imp::demo
