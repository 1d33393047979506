#pragma once

#include <string>

#include "base/failure.h"

namespace imp::app {

/// Held by the server that uses a data directory. A second one would serve stale packuments from
/// its memory, take the runner's token away from the first, and take up pushes that still run.
/// Commands that only use the database, such as `user add`, do not need it.
///
/// An advisory lock (flock(2)) on `serve.lock`: it goes with its process, however that ends.
class DataLock {
 public:
  /// Makes the directory when it is new. Failures: `data_in_use`, `no_data`.
  static Result<DataLock> take(const std::string& directory);
  DataLock(DataLock&& other) noexcept;
  DataLock& operator=(DataLock&&) = delete;
  ~DataLock();

 private:
  explicit DataLock(int file) : file_(file) {}
  int file_ = -1;
};

}  // namespace imp::app
