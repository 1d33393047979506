#include "ci/runner/held_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <filesystem>

#include "base/uuid.h"
#include "ci/runner/job_directories.h"

namespace imp::ci::runner {

namespace fs = std::filesystem;

Descriptor hold(const std::string& path) {
  Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (directory && ::flock(directory.get(), LOCK_EX | LOCK_NB) != 0) directory.reset();
  return directory;
}

std::optional<HeldDirectory> make_held(const std::string& parent, std::string_view prefix,
                                       std::error_code& error) {
  constexpr int tries = 20;
  for (int i = 0; i < tries; ++i) {
    std::string path = fmt::format("{}/{}{}", parent, prefix, new_uuid());
    if (!fs::create_directory(path, error)) return std::nullopt;
    Descriptor held = hold(path);
    std::error_code gone;
    // One that was swept before it was held can still be held.
    if (held && fs::is_directory(path, gone))
      return HeldDirectory{std::move(path), std::move(held)};
  }
  error = std::make_error_code(std::errc::resource_unavailable_try_again);
  return std::nullopt;
}

std::size_t sweep(const std::string& parent, std::string_view prefix) {
  std::size_t removed = 0;
  std::error_code error;
  for (auto entry = fs::directory_iterator(parent, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string path = entry->path().string();
    if (!entry->path().filename().string().starts_with(prefix)) continue;
    const Descriptor held = hold(path);
    if (!held) continue;
    remove_tree(path);
    ++removed;
  }
  return removed;
}

}  // namespace imp::ci::runner
