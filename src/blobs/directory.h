#pragma once

#include <functional>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/encoding.h"
#include "blobs/failures.h"
#include "blobs/file_store.h"

namespace imp::blobs {

/// The system calls of the file store, on paths relative to its root. Each asks the hook first, is
/// repeated when interrupted, and turns an error into a Failure. Thread-safe.
class Directory {
 public:
  static Result<Directory> open(const FileStoreOptions& options);

  /// True when it was made, false when it was there.
  Result<bool> make_directory(const std::string& path) const;
  Result<Descriptor> create(const std::string& path) const;
  /// The path is for the message.
  Result<void> write(const Descriptor& file, ByteView bytes, const std::string& path) const;
  Result<void> sync_file(const Descriptor& file, const std::string& path) const;
  /// Its bytes, and its size, but not the times of it.
  Result<void> sync_data(const Descriptor& file, const std::string& path) const;
  /// Everything that was changed in the file system which holds the store.
  Result<void> sync_file_system() const;
  Result<void> rename(const std::string& from, const std::string& to) const;
  /// False, without a change, when there is something of the new name already, or when the file
  /// system cannot tell.
  Result<bool> rename_unless_taken(const std::string& from, const std::string& to) const;
  Result<void> sync_directory(const std::string& path) const;
  /// Removing what is not there succeeds.
  Result<void> remove(const std::string& path) const;
  /// Removes a file that was last written before that time; no file is renamed to its path between
  /// the look and the removal. Tells whether nothing is there any more.
  Result<bool> remove_written_before(const std::string& path, Time before) const;
  /// Opens a regular file for reading; a descriptor that is not set when there is none.
  Result<Descriptor> open_file(const std::string& path) const;
  Result<std::uint64_t> size(const Descriptor& file, const std::string& path) const;
  /// 0 at the end.
  Result<std::size_t> read(const Descriptor& file, std::span<std::uint8_t> into,
                           const std::string& path) const;
  Result<bool> exists(const std::string& path) const;
  /// Of a regular file; nothing when there is none.
  struct Status {
    std::uint64_t size = 0;
    Time written;
  };
  Result<std::optional<Status>> status(const std::string& path) const;
  /// Sorted, without "." and "..".
  Result<std::vector<std::string>> names(const std::string& path) const;
  /// Opens a directory, as it must be to lock it.
  Result<Descriptor> open_directory(const std::string& path) const;

 private:
  Directory(Descriptor root, std::string path, std::function<int(Step)> before_step)
      : root_(std::move(root)), path_(std::move(path)), before_step_(std::move(before_step)) {}
  int fault(Step step) const { return before_step_ ? before_step_(step) : 0; }
  std::string text(const char* call, const std::string& path) const;

  Descriptor root_;
  std::string path_;
  std::function<int(Step)> before_step_;
  /// Shared by those who give a file its name, held alone by who removes one for its age. Behind a
  /// pointer so that a Directory can be moved.
  std::unique_ptr<std::shared_mutex> naming_ = std::make_unique<std::shared_mutex>();
};

}  // namespace imp::blobs
