#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "registry/review/tarball_review.h"

// The input is two tar streams with kMark between them, or one alone: what was and what is. The
// same halves are also compared as texts.

namespace {

constexpr std::string_view kMark = "\n--after--\n";

std::string gzip(std::string_view tar) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_NO_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    std::abort();
  }
  std::string out(deflateBound(&stream, tar.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(tar.data()));
  stream.avail_in = static_cast<uInt>(tar.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) std::abort();
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

imp::registry::OpenTarball opener(const std::string& bytes) {
  return [&bytes]() -> imp::Result<imp::registry::TarballSource> {
    return [&bytes,
            at = std::size_t{0}](std::span<std::uint8_t> out) mutable -> imp::Result<std::size_t> {
      const std::size_t count = std::min(out.size(), bytes.size() - at);
      if (count > 0) std::memcpy(out.data(), bytes.data() + at, count);
      at += count;
      return count;
    };
  };
}

void compare_texts(std::string_view before, std::string_view after) {
  imp::registry::DiffLimits limits;
  limits.edits = 50;
  limits.line_bytes = 80;
  imp::registry::DiffBudget budget{.steps = 100'000, .lines = 200};
  const auto diff = imp::registry::line_diff(before, after, limits, budget);
  std::size_t lines = 0;
  for (const auto& hunk : diff.hunks) {
    if (hunk.empty()) std::abort();
    for (const auto& line : hunk) {
      ++lines;
      if (line.text.contains('\x1b') || line.text.contains('\n')) std::abort();
    }
  }
  if (lines > 200) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t mark = all.find(kMark);
  const bool both = mark != std::string_view::npos;
  const std::string_view first = both ? all.substr(0, mark) : std::string_view();
  const std::string_view second = both ? all.substr(mark + kMark.size()) : all;
  compare_texts(first, second);
  const std::string before = gzip(first), after = gzip(second);
  imp::registry::ReviewLimits limits;
  limits.read.unpacked_bytes = 1024 * 1024;
  limits.read.entries = 200;
  limits.files = 50;
  limits.kept_bytes = 256 * 1024;
  const auto review = imp::registry::review_tarballs(
      both ? opener(before) : imp::registry::OpenTarball(), opener(after), limits);
  if (review && review->files.size() > limits.files) std::abort();
  return 0;
}
