#include "registry/publish/tarball_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "registry/publish/refusal.h"
#include "registry/publish/tar_guard.h"

namespace imp::registry {
namespace {

struct FreeArchive {
  void operator()(archive* it) const { archive_read_free(it); }
};

using Reader = std::unique_ptr<archive, FreeArchive>;

// The packed bytes, as libarchive asks for them.
struct Packed {
  explicit Packed(const TarballSource& from) : source(from) {}
  const TarballSource& source;
  std::uint64_t bytes = 0;
  std::optional<Failure> failed;
  std::array<std::uint8_t, 64 * 1024> buffer;  // not initialised
};

la_ssize_t read_packed(archive* reader, void* data, const void** buffer) {
  Packed& packed = *static_cast<Packed*>(data);
  const Result<std::size_t> got = packed.source(packed.buffer);
  if (!got) {
    packed.failed = got.error();
    archive_set_error(reader, EIO, "the source failed");
    return -1;
  }
  packed.bytes += *got;
  *buffer = packed.buffer.data();
  return static_cast<la_ssize_t>(*got);
}

// The tar file within, which passes the guard on its way to the second reader.
struct Unpacked {
  explicit Unpacked(archive* from) : gunzip(from) {}
  archive* gunzip;
  TarGuard guard;
  std::optional<Failure> failed;
  std::array<std::uint8_t, 64 * 1024> buffer;  // not initialised
};

la_ssize_t read_unpacked(archive* reader, void* data, const void** buffer) {
  Unpacked& tar = *static_cast<Unpacked*>(data);
  const la_ssize_t got = archive_read_data(tar.gunzip, tar.buffer.data(), tar.buffer.size());
  if (got < 0) {
    const char* why = archive_error_string(tar.gunzip);
    archive_set_error(reader, EIO, "%s", why == nullptr ? "damaged gzip" : why);
    return -1;
  }
  const auto size = static_cast<std::size_t>(got);
  if (const Result<void> ok = tar.guard.write(ByteView(tar.buffer).first(size)); !ok) {
    tar.failed = ok.error();
    archive_set_error(reader, EIO, "refused");
    return -1;
  }
  *buffer = tar.buffer.data();
  return got;
}

}  // namespace

class TarballReader::Impl {
 public:
  Impl(const TarballSource& source, const TarballLimits& limits)
      : limits_(limits), packed_(new Packed(source)), tar_(new Unpacked(gunzip_.get())) {}

  Result<std::optional<EntryPath>> next();
  Result<std::uint64_t> read(const std::function<Result<void>(std::string_view)>& tell);
  std::uint64_t unpacked() const { return unpacked_; }

 private:
  Result<void> open();
  Result<std::optional<EntryPath>> entry();
  std::optional<std::string> over(std::uint64_t unpacked) const;
  std::unexpected<Failure> unreadable() const;

  TarballLimits limits_;
  Reader gunzip_{archive_read_new()};
  Reader reader_{archive_read_new()};
  std::unique_ptr<Packed> packed_;
  std::unique_ptr<Unpacked> tar_;
  archive_entry* entry_ = nullptr;
  std::string shown_;
  std::uint64_t unpacked_ = 0;
  std::uint64_t entries_ = 0;
  bool open_ = false;
};

std::unexpected<Failure> TarballReader::Impl::unreadable() const {
  if (packed_->failed) return std::unexpected(*packed_->failed);
  if (tar_->failed) return std::unexpected(*tar_->failed);
  const char* why = archive_error_string(reader_.get());
  return refuse(PublishRefusal::unreadable_tarball,
                "The tarball cannot be read: it must be a complete gzip-compressed tar file.",
                why == nullptr ? "" : why);
}

Result<void> TarballReader::Impl::open() {
  archive_read_support_filter_gzip(gunzip_.get());
  archive_read_support_format_raw(gunzip_.get());
  archive_entry* whole = nullptr;
  if (archive_read_open(gunzip_.get(), packed_.get(), nullptr, read_packed, nullptr) !=
          ARCHIVE_OK ||
      archive_filter_code(gunzip_.get(), 0) != ARCHIVE_FILTER_GZIP ||
      archive_read_next_header(gunzip_.get(), &whole) != ARCHIVE_OK) {
    return unreadable();
  }
  archive_read_support_format_tar(reader_.get());
  // npm's unpacker reads on after the end-of-archive blocks, so nothing may hide behind them.
  archive_read_set_format_option(reader_.get(), "tar", "read_concatenated_archives", "1");
  if (archive_read_open(reader_.get(), tar_.get(), nullptr, read_unpacked, nullptr) != ARCHIVE_OK) {
    return unreadable();
  }
  return {};
}

// What is wrong with this much unpacked, if anything.
std::optional<std::string> TarballReader::Impl::over(std::uint64_t unpacked) const {
  if (unpacked > limits_.unpacked_bytes) {
    return fmt::format("The tarball unpacks to more than {} bytes, at \"{}\".",
                       limits_.unpacked_bytes, shown_);
  }
  if (unpacked > limits_.ratio_floor && unpacked / limits_.ratio > packed_->bytes) {
    return fmt::format("The tarball unpacks to more than {} times its size, at \"{}\".",
                       limits_.ratio, shown_);
  }
  return std::nullopt;
}

Result<std::uint64_t> TarballReader::Impl::read(
    const std::function<Result<void>(std::string_view)>& tell) {
  const void* block = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  std::uint64_t total = 0;
  // A sparse file unpacks to its full size, whatever its blocks are.
  const auto declared =
      static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(entry_), 0));
  if (declared > limits_.unpacked_bytes) {
    return refuse(PublishRefusal::unpacked_too_large, *over(declared));
  }
  while (true) {
    const int status = archive_read_data_block(reader_.get(), &block, &size, &offset);
    if (status == ARCHIVE_EOF) break;
    if (status != ARCHIVE_OK) return unreadable();
    total += size;
    if (const auto fault = over(unpacked_ + total)) {
      return refuse(PublishRefusal::unpacked_too_large, *fault);
    }
    if (auto told = tell({static_cast<const char*>(block), size}); !told) return pass_on(told);
  }
  const std::uint64_t whole = std::max(total, declared);
  unpacked_ += whole;
  return whole;
}

// Looks at the header that was read: nothing for a directory.
Result<std::optional<EntryPath>> TarballReader::Impl::entry() {
  if (++entries_ > limits_.entries) {
    return refuse(PublishRefusal::too_many_files,
                  fmt::format("The tarball has more than {} entries.", limits_.entries));
  }
  const char* raw = archive_entry_pathname(entry_);
  // Null when the process's locale has no such character.
  if (raw == nullptr) raw = archive_entry_pathname_utf8(entry_);
  Result<EntryPath> path = entry_path(raw == nullptr ? "" : raw);
  if (!path) return pass_on(path);
  if (archive_entry_hardlink(entry_) != nullptr || archive_entry_symlink(entry_) != nullptr) {
    return refuse(PublishRefusal::unsafe_entry,
                  fmt::format("The tarball's entry \"{}\" is a link. npm does not unpack links: "
                              "put the file itself there.",
                              path->shown));
  }
  if (archive_entry_filetype(entry_) == AE_IFDIR) return std::nullopt;
  if (archive_entry_filetype(entry_) != AE_IFREG) {
    return refuse(
        PublishRefusal::unsafe_entry,
        fmt::format("The tarball's entry \"{}\" is neither a file nor a directory.", path->shown));
  }
  shown_ = path->shown;
  return std::move(*path);
}

Result<std::optional<EntryPath>> TarballReader::Impl::next() {
  if (!open_) {
    if (Result<void> opened = open(); !opened) return pass_on(opened);
    open_ = true;
  }
  while (true) {
    const int status = archive_read_next_header(reader_.get(), &entry_);
    if (status == ARCHIVE_EOF) break;
    // A warning about a name's encoding is for this program's locale, not for the tarball.
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return unreadable();
    auto found = entry();
    if (!found || *found) return found;
  }
  if (packed_->failed || tar_->failed) return unreadable();
  return std::nullopt;
}

TarballReader::TarballReader(const TarballSource& source, const TarballLimits& limits)
    : impl_(new Impl(source, limits)) {}
TarballReader::~TarballReader() = default;

Result<std::optional<EntryPath>> TarballReader::next() { return impl_->next(); }

Result<std::uint64_t> TarballReader::read(
    const std::function<Result<void>(std::string_view)>& tell) {
  return impl_->read(tell);
}

std::uint64_t TarballReader::unpacked() const { return impl_->unpacked(); }

}  // namespace imp::registry
