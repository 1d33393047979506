#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/failure.h"

namespace imp::blobs {

/// The refusals of this module.
enum class BlobRefusal {
  bad_name,   ///< not 128 lower-case hexadecimal digits
  absent,     ///< no blob of that name
  corrupt,    ///< the bytes are no longer those the name promises
  too_large,  ///< larger than the caller wants in memory
  broken,     ///< the storage failed; nothing was kept
};
Reason reason(BlobRefusal refusal);

/// Immutable bytes, named by their content.
struct Blob {
  std::string sha512;  ///< 128 lower-case hexadecimal digits
  std::uint64_t size = 0;
};

/// A blob to be sent: a descriptor of its own (closed with the last copy), so that the server can
/// hand the file to the kernel.
struct OpenBlob {
  std::shared_ptr<const int> descriptor;
  std::uint64_t size = 0;
};

/// A blob under its name, which a power cut may still take away.
struct PlacedBlob {
  Blob blob;
  std::string bytes;  ///< of a small blob, which is in memory anyway; otherwise empty
  /// The blob is durable when this has succeeded, with one sync for all that were placed before it.
  /// Any thread may call it, and again. Until it is called, nothing durable may name the blob.
  std::function<Result<void>()> make_durable;
};

/// Takes the bytes of one blob as they come. Used by one thread at a time. Destroyed before
/// finish() or place() has succeeded, it leaves nothing behind.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  /// After a failure the writer is of no more use.
  virtual Result<void> write(ByteView bytes) = 0;
  /// The blob is durable, under its name, when this returns. Call it, or place(), once.
  virtual Result<Blob> finish() = 0;
  /// The blob is under its name when this returns. Here: durable, too.
  virtual Result<PlacedBlob> place();
};

/// Content-addressed storage. Thread-safe. Storing the same bytes twice is the same as storing them
/// once, also at the same time; it repairs a blob whose bytes have been damaged. Every function
/// that takes a name refuses one that is not 128 lower-case hexadecimal digits.
class Store {
 public:
  virtual ~Store() = default;
  virtual Result<std::unique_ptr<BlobWriter>> begin() = 0;
  virtual Result<OpenBlob> open(const std::string& sha512) = 0;
  virtual Result<bool> exists(const std::string& sha512) = 0;
  /// Removing what is not there succeeds. Whoever has the blob open can still read it.
  virtual Result<void> remove(const std::string& sha512) = 0;
  /// Reads the blob again; `corrupt` when its bytes are not those of its name.
  virtual Result<Blob> verify(const std::string& sha512) = 0;
  /// Tells every blob, in the order of the names. Blobs stored or removed meanwhile may be left
  /// out.
  virtual Result<void> each(const std::function<void(const Blob&)>& tell) = 0;
  /// Of the blobs whose names begin with these two digits, those that were stored last before
  /// `before`, by the clock of the storage.
  virtual Result<std::vector<Blob>> stored_before(const std::string& first_two, Time before) = 0;
  /// Removes the blob, unless it was stored, or stored again, at `before` or later: whoever stores
  /// it meanwhile keeps it. Tells whether it is gone.
  virtual Result<bool> remove_stored_before(const std::string& sha512, Time before) = 0;
};

bool is_blob_name(std::string_view text);

/// Stores bytes that are in memory already.
Result<Blob> put(Store& store, ByteView bytes);
/// Reads a small blob; `too_large` when it has more than `limit` bytes.
Result<std::string> read_all(Store& store, const std::string& sha512, std::uint64_t limit);

}  // namespace imp::blobs
