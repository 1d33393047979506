#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "registry/publish/tarball_inspector.h"

namespace {

// Mutations of compressed bytes rarely get past the checksum of gzip, so what does not start as
// gzip is taken for a tar stream and wrapped, uncompressed.
std::vector<std::uint8_t> tarball(const std::uint8_t* data, std::size_t size) {
  if (size >= 2 && data[0] == 0x1f && data[1] == 0x8b) return {data, data + size};
  z_stream gzip{};
  if (deflateInit2(&gzip, Z_NO_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    std::abort();
  }
  std::vector<std::uint8_t> wrapped(deflateBound(&gzip, size));
  gzip.next_in = const_cast<Bytef*>(data);
  gzip.avail_in = static_cast<uInt>(size);
  gzip.next_out = wrapped.data();
  gzip.avail_out = static_cast<uInt>(wrapped.size());
  if (deflate(&gzip, Z_FINISH) != Z_STREAM_END) std::abort();
  wrapped.resize(gzip.total_out);
  deflateEnd(&gzip);
  return wrapped;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<std::uint8_t> bytes = tarball(data, size);
  std::size_t at = 0;
  const imp::registry::TarballSource source =
      [&](std::span<std::uint8_t> out) -> imp::Result<std::size_t> {
    const std::size_t count = std::min(out.size(), bytes.size() - at);
    if (count > 0) std::memcpy(out.data(), bytes.data() + at, count);
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
