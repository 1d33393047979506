#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "registry/publish/tarball_inspector.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::size_t at = 0;
  const imp::registry::TarballSource source =
      [&](std::span<std::uint8_t> out) -> imp::Result<std::size_t> {
    const std::size_t count = std::min(out.size(), size - at);
    if (count > 0) std::memcpy(out.data(), data + at, count);
    at += count;
    return count;
  };
  imp::registry::TarballLimits limits;
  limits.unpacked_bytes = 8 * 1024 * 1024;
  limits.entries = 1000;
  const auto contents = imp::registry::inspect_tarball(source, limits);
  if (contents && contents->unpacked_size > limits.unpacked_bytes) std::abort();
  return 0;
}
