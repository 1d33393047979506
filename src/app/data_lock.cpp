#include "app/data_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "app/refusal.h"
#include "base/error_text.h"

namespace imp::app {

Result<DataLock> DataLock::take(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const std::string path = directory + "/serve.lock";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    return refuse(AppRefusal::no_data, fmt::format("The data directory {} cannot be used: {}: {}.",
                                                   directory, path, error_text(errno)));
  }
  DataLock lock(file);
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) {
    return refuse(
        AppRefusal::no_data,
        fmt::format("{} cannot be locked: {}. The data directory must be on a file system "
                    "with locks.",
                    path, error_text(errno)));
  }
  return refuse(AppRefusal::data_in_use,
                fmt::format("Another server uses the data directory {}. Stop that one first, or "
                            "give this one a directory of its own with --data.",
                            directory));
}

DataLock::DataLock(DataLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

DataLock::~DataLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace imp::app
