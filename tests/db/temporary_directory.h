#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace imp::test {

/// A directory of its own for one test, removed with everything in it. It lies in memory where the
/// system has such a file system, so that tests do not wait for the disk; `on_disk` is for those
/// that need a slow fsync.
class TemporaryDirectory {
 public:
  enum class Kind { in_memory, on_disk };
  explicit TemporaryDirectory(Kind kind = Kind::in_memory) {
    const std::filesystem::path memory = "/dev/shm";
    const bool fast = kind == Kind::in_memory && ::access(memory.c_str(), W_OK) == 0;
    const auto parent = fast ? memory : std::filesystem::temp_directory_path();
    std::string pattern = (parent / "imprimatur-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) std::abort();
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace imp::test
