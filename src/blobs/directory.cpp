#include "blobs/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

namespace imp::blobs {

namespace {

// Runs a system call until it is not interrupted; returns its value, with errno set on -1.
template <class Call>
auto uninterrupted(Call call) {
  auto value = call();
  while (value < 0 && errno == EINTR) value = call();
  return value;
}

}  // namespace

Result<Directory> Directory::open(const FileStoreOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.root, error);
  if (error) return broken("mkdir " + options.root, error.value());
  Descriptor root(::open(options.root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return broken("open " + options.root, errno);
  return Directory(std::move(root), options.root, options.before_step);
}

std::string Directory::text(const char* call, const std::string& path) const {
  return std::string(call) + " " + path_ + "/" + path;
}

Result<bool> Directory::make_directory(const std::string& path) const {
  if (const int error = fault(Step::make_directory)) return broken(text("mkdir", path), error);
  if (::mkdirat(root_.get(), path.c_str(), 0700) == 0) return true;
  if (errno == EEXIST) return false;
  return broken(text("mkdir", path), errno);
}

Result<Descriptor> Directory::create(const std::string& path) const {
  if (const int error = fault(Step::create)) return broken(text("create", path), error);
  const int number = uninterrupted([&] {
    return ::openat(root_.get(), path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  });
  if (number < 0) return broken(text("create", path), errno);
  return Descriptor(number);
}

Result<void> Directory::write(const Descriptor& file, ByteView bytes,
                              const std::string& path) const {
  while (!bytes.empty()) {
    if (const int error = fault(Step::write)) return broken(text("write", path), error);
    const ssize_t count =
        uninterrupted([&] { return ::write(file.get(), bytes.data(), bytes.size()); });
    if (count < 0) return broken(text("write", path), errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> Directory::sync_file(const Descriptor& file, const std::string& path) const {
  if (const int error = fault(Step::sync_file)) return broken(text("fsync", path), error);
  if (uninterrupted([&] { return ::fsync(file.get()); }) != 0) {
    return broken(text("fsync", path), errno);
  }
  return {};
}

Result<void> Directory::sync_data(const Descriptor& file, const std::string& path) const {
  if (const int error = fault(Step::sync_file)) return broken(text("fdatasync", path), error);
  if (uninterrupted([&] { return ::fdatasync(file.get()); }) != 0) {
    return broken(text("fdatasync", path), errno);
  }
  return {};
}

Result<void> Directory::sync_file_system() const {
  if (const int error = fault(Step::sync_file_system)) return broken(text("syncfs", ""), error);
  if (uninterrupted([&] { return ::syncfs(root_.get()); }) != 0) {
    return broken(text("syncfs", ""), errno);
  }
  return {};
}

Result<void> Directory::rename(const std::string& from, const std::string& to) const {
  const std::shared_lock lock(*naming_);
  if (const int error = fault(Step::rename)) return broken(text("rename to", to), error);
  if (::renameat(root_.get(), from.c_str(), root_.get(), to.c_str()) != 0) {
    return broken(text("rename to", to), errno);
  }
  return {};
}

Result<bool> Directory::rename_unless_taken(const std::string& from, const std::string& to) const {
  const std::shared_lock lock(*naming_);
  if (const int error = fault(Step::rename)) return broken(text("rename to", to), error);
  if (::renameat2(root_.get(), from.c_str(), root_.get(), to.c_str(), RENAME_NOREPLACE) == 0) {
    return true;
  }
  if (errno == EEXIST || errno == EINVAL || errno == ENOSYS) return false;
  return broken(text("rename to", to), errno);
}

Result<Descriptor> Directory::open_directory(const std::string& path) const {
  const int number = uninterrupted(
      [&] { return ::openat(root_.get(), path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (number < 0) return broken(text("open", path), errno);
  return Descriptor(number);
}

Result<void> Directory::sync_directory(const std::string& path) const {
  const auto directory = open_directory(path);
  if (!directory) return pass_on(directory);
  if (const int error = fault(Step::sync_directory)) return broken(text("fsync", path), error);
  if (uninterrupted([&] { return ::fsync(directory->get()); }) != 0) {
    return broken(text("fsync", path), errno);
  }
  return {};
}

Result<void> Directory::remove(const std::string& path) const {
  if (const int error = fault(Step::remove)) return broken(text("unlink", path), error);
  if (::unlinkat(root_.get(), path.c_str(), 0) == 0 || errno == ENOENT) return {};
  return broken(text("unlink", path), errno);
}

Result<bool> Directory::remove_written_before(const std::string& path, Time before) const {
  const std::unique_lock lock(*naming_);
  const auto found = status(path);
  if (!found) return pass_on(found);
  if (!*found) return true;
  if ((*found)->written >= before) return false;
  if (const auto removed = remove(path); !removed) return pass_on(removed);
  return true;
}

Result<Descriptor> Directory::open_file(const std::string& path) const {
  if (const int error = fault(Step::open)) return broken(text("open", path), error);
  // A link inside the store was not made by it: not followed.
  const int number = uninterrupted(
      [&] { return ::openat(root_.get(), path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC); });
  if (number >= 0) return Descriptor(number);
  if (errno == ENOENT) return Descriptor();
  return broken(text("open", path), errno);
}

Result<std::uint64_t> Directory::size(const Descriptor& file, const std::string& path) const {
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return broken(text("stat", path), errno);
  if (!S_ISREG(info.st_mode)) return broken(text("read", path), EISDIR);
  return static_cast<std::uint64_t>(info.st_size);
}

Result<std::size_t> Directory::read(const Descriptor& file, std::span<std::uint8_t> into,
                                    const std::string& path) const {
  if (const int error = fault(Step::read)) return broken(text("read", path), error);
  const ssize_t count = uninterrupted([&] { return ::read(file.get(), into.data(), into.size()); });
  if (count < 0) return broken(text("read", path), errno);
  return static_cast<std::size_t>(count);
}

Result<std::optional<Directory::Status>> Directory::status(const std::string& path) const {
  struct stat info{};
  if (const int error = fault(Step::open)) return broken(text("stat", path), error);
  if (::fstatat(root_.get(), path.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return broken(text("stat", path), errno);
  }
  if (!S_ISREG(info.st_mode)) return std::nullopt;
  const auto written =
      std::chrono::seconds(info.st_mtim.tv_sec) + std::chrono::nanoseconds(info.st_mtim.tv_nsec);
  return Status{.size = static_cast<std::uint64_t>(info.st_size),
                .written = Time(std::chrono::floor<Milliseconds>(written))};
}

Result<bool> Directory::exists(const std::string& path) const {
  const auto found = status(path);
  if (!found) return pass_on(found);
  return found->has_value();
}

Result<std::vector<std::string>> Directory::names(const std::string& path) const {
  if (const int error = fault(Step::open)) return broken(text("list", path), error);
  std::error_code error;
  std::vector<std::string> found;
  auto entry = std::filesystem::directory_iterator(std::filesystem::path(path_) / path, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    found.push_back(entry->path().filename().string());
  }
  if (error) return broken(text("list", path), error.value());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace imp::blobs
