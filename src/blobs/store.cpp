#include "blobs/store.h"

#include <unistd.h>

#include <algorithm>

#include "blobs/failures.h"

namespace imp::blobs {

Reason reason(BlobRefusal refusal) {
  switch (refusal) {
    case BlobRefusal::bad_name:
      return {"blob_bad_name", FailureKind::invalid};
    case BlobRefusal::absent:
      return {"blob_absent", FailureKind::not_found};
    case BlobRefusal::corrupt:
      return {"blob_corrupt", FailureKind::internal};
    case BlobRefusal::too_large:
      return {"blob_too_large", FailureKind::too_large};
    case BlobRefusal::broken:
      return {"blob_store_broken", FailureKind::internal};
  }
  return {"blob_store_broken", FailureKind::internal};
}

bool is_blob_name(std::string_view text) {
  return text.size() == 128 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Result<PlacedBlob> BlobWriter::place() {
  auto blob = finish();
  if (!blob) return pass_on(blob);
  return PlacedBlob{std::move(*blob), {}, [] { return Result<void>(); }};
}

Result<Blob> put(Store& store, ByteView bytes) {
  auto writer = store.begin();
  if (!writer) return pass_on(writer);
  if (const auto written = (*writer)->write(bytes); !written) return pass_on(written);
  return (*writer)->finish();
}

Result<std::string> read_all(Store& store, const std::string& sha512, std::uint64_t limit) {
  const auto blob = store.open(sha512);
  if (!blob) return pass_on(blob);
  if (blob->size > limit) {
    return refuse(BlobRefusal::too_large, "The stored file is too large to be read at once.",
                  sha512 + " has " + std::to_string(blob->size) + " bytes");
  }
  std::string bytes(blob->size, '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t count = ::pread(*blob->descriptor, bytes.data() + have, bytes.size() - have,
                                  static_cast<off_t>(have));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return broken("read " + sha512, errno);
    if (count == 0) return corrupt(sha512, "it became shorter while it was read");
    have += static_cast<std::size_t>(count);
  }
  return bytes;
}

}  // namespace imp::blobs
