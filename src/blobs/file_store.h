#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/log.h"
#include "blobs/store.h"

namespace imp::blobs {

/// The kinds of system call by which the file store changes or reads its directory.
enum class Step {
  make_directory,
  create,
  write,
  sync_file,
  sync_file_system,
  rename,
  sync_directory,
  remove,
  open,
  read
};

struct FileStoreOptions {
  std::string root;
  /// For tests: called before each system call. A value other than 0 is taken for the call's errno,
  /// and the call is left out.
  std::function<int(Step)> before_step = {};
  /// Small blobs that are durable in a journal only take at most about this many bytes twice.
  std::uint64_t journal_limit = std::uint64_t{16} << 20;
  Log& log = null_log();
};

/// Blobs as files: <root>/sha512/ab/cdef… . A blob is written to <root>/tmp, synced, renamed, and
/// its directory synced; one of less than 64 KiB is synced in <root>/journal instead, together with
/// others, before it is renamed. So a crash leaves it whole or not at all. What a crash left in
/// <root>/tmp and <root>/journal is cleared up when the store is opened, unless another process is
/// using it. Makes the directories that are absent, for this user alone.
Result<std::unique_ptr<Store>> open_file_store(const FileStoreOptions& options);

}  // namespace imp::blobs
