#pragma once

#include <memory>
#include <string>

#include "blobs/directory.h"
#include "blobs/journal.h"
#include "blobs/store.h"
#include "crypto/hash.h"

namespace imp::blobs {

/// Where a blob lies below the root of a file store.
std::string directory_of(const std::string& sha512);
std::string path_of(const std::string& sha512);

/// Writes one blob: to a temporary file, then under its name.
class FileWriter final : public BlobWriter {
 public:
  /// `path` is the temporary file, already made. Without a journal, every blob is synced by itself.
  FileWriter(std::shared_ptr<const Directory> directory, std::shared_ptr<Journal> journal,
             Descriptor file, std::string path);
  ~FileWriter() override;

  Result<void> write(ByteView bytes) override;
  Result<Blob> finish() override;
  Result<PlacedBlob> place() override;

 private:
  /// Nothing was written yet, and there is a journal.
  bool small() const { return journal_ && buffer_.size() == size_; }
  Result<void> flush();
  Result<void> give_name(const std::string& sha512);
  Result<void> place_large(const std::string& sha512);
  Result<void> place_small(const std::string& sha512);

  const std::shared_ptr<const Directory> directory_;
  const std::shared_ptr<Journal> journal_;
  Descriptor file_;
  const std::string path_;
  bool exists_ = true;  ///< the temporary file is there
  bool usable_ = true;  ///< no step has failed and finish() was not called
  std::string buffer_;  ///< joins small pieces to writes of a sensible size
  std::uint64_t size_ = 0;
  crypto::Sha512Stream hash_;
};

}  // namespace imp::blobs
