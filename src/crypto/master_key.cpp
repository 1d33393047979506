#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>

#include "crypto/random.h"
#include "crypto/sealing.h"

namespace imp::crypto {

namespace {

constexpr std::size_t kKeyDigits = 64;

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

std::unexpected<Failure> bad_file(const std::string& path, std::string_view what) {
  return refuse(SealRefusal::bad_key_file, fmt::format("The master key file {} {}.", path, what));
}
std::unexpected<Failure> bad_file_errno(const std::string& path, std::string_view what) {
  return bad_file(path, fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

/// At most one byte more than `out` holds is looked at; nothing when the file is not that small.
std::optional<std::string> read_small(int file, std::size_t most) {
  std::string text(most + 1, '\0');
  std::size_t used = 0;
  while (used < text.size()) {
    const ssize_t got = ::read(file, text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  if (used > most) return std::nullopt;
  text.resize(used);
  return text;
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(file, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return ::fsync(file) == 0;
}

Result<Sealer> read_key(const std::string& path, int file) {
  struct stat status{};
  if (::fstat(file, &status) != 0) return bad_file_errno(path, "cannot be read");
  if (!S_ISREG(status.st_mode)) return bad_file(path, "is not a regular file");
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return bad_file(path, "can be used by other accounts; allow only its owner (chmod 600)");
  }
  auto text = read_small(file, kKeyDigits + 1);
  if (text && text->ends_with('\n')) text->pop_back();
  auto key = text && text->size() == kKeyDigits ? from_hex(*text) : std::nullopt;
  if (text) sodium_memzero(text->data(), text->size());
  if (!key) return bad_file(path, "does not hold exactly 64 hexadecimal digits");
  Sealer sealer(*key);
  sodium_memzero(key->data(), key->size());
  return sealer;
}

/// Makes the whole file under another name first and then links it: a crash leaves no half-written
/// key, and of two processes that start together one wins and both read its key.
Result<void> create_key(const std::string& path) {
  const std::string draft = path + ".new-" + system_random().alphanumeric(12);
  std::string digits = hex(system_random().bytes(kKeyDigits / 2));
  bool written = false;
  {
    const File file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return bad_file_errno(path, "cannot be created");
    written = write_all(file.get(), digits) && write_all(file.get(), "\n");
  }
  sodium_memzero(digits.data(), digits.size());
  const bool linked = written && (::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int error = errno;
  ::unlink(draft.c_str());
  errno = error;
  if (!linked) return bad_file_errno(path, "cannot be created");
  // Sealed values must not outlive a key whose directory entry was lost with the power.
  const auto parent = std::filesystem::path(path).parent_path();
  const File directory(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return bad_file_errno(path, "cannot be synced");
  return {};
}

}  // namespace

Result<Sealer> load_master_key(const std::string& path, bool create) {
  // O_NONBLOCK so that a named pipe in its place is refused instead of waited for.
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  if (const File file(::open(path.c_str(), kFlags)); file) return read_key(path, file.get());
  if (errno != ENOENT) return bad_file_errno(path, "cannot be opened");
  if (!create) {
    return bad_file(path, "is absent; restore it from its backup, or secrets cannot be opened");
  }
  if (auto created = create_key(path); !created) return pass_on(created);
  const File file(::open(path.c_str(), kFlags));
  if (!file) return bad_file_errno(path, "cannot be opened");
  return read_key(path, file.get());
}

}  // namespace imp::crypto
