#include "registry/publish/tarball_inspector.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cerrno>
#include <memory>
#include <optional>

#include "registry/publish/entry_path.h"
#include "registry/publish/json_scanner.h"
#include "registry/publish/refusal.h"
#include "registry/publish/tar_guard.h"

namespace imp::registry {
namespace {

namespace json = boost::json;

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

class Inspection {
 public:
  Inspection(const TarballSource& source, const TarballLimits& limits)
      : limits_(limits), packed_(new Packed(source)), tar_(new Unpacked(gunzip_.get())) {}

  Result<TarballContents> run();

 private:
  Result<void> open();
  Result<void> entry(archive_entry* entry);
  Result<void> count(archive_entry* entry, const std::string& path, std::string* keep);
  Result<void> package_json(const std::string& text);
  std::unexpected<Failure> unreadable() const;

  TarballLimits limits_;
  Reader gunzip_{archive_read_new()};
  Reader reader_{archive_read_new()};
  std::unique_ptr<Packed> packed_;
  std::unique_ptr<Unpacked> tar_;
  TarballContents contents_;
  std::uint64_t entries_ = 0;
  bool found_ = false;
};

std::unexpected<Failure> Inspection::unreadable() const {
  if (packed_->failed) return std::unexpected(*packed_->failed);
  if (tar_->failed) return std::unexpected(*tar_->failed);
  const char* why = archive_error_string(reader_.get());
  return refuse(PublishRefusal::unreadable_tarball,
                "The tarball cannot be read: it must be a complete gzip-compressed tar file.",
                why == nullptr ? "" : why);
}

Result<void> Inspection::open() {
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

// Reads one file through, against the limits; keeps its text when `keep` is given.
Result<void> Inspection::count(archive_entry* entry, const std::string& path, std::string* keep) {
  const void* block = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  std::uint64_t total = 0;
  // A sparse file unpacks to its full size, whatever its blocks are.
  const auto declared =
      static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(entry), 0));
  const auto over = [&](std::uint64_t unpacked) -> std::optional<std::string> {
    if (unpacked > limits_.unpacked_bytes) {
      return fmt::format("The tarball unpacks to more than {} bytes, at \"{}\".",
                         limits_.unpacked_bytes, path);
    }
    if (unpacked > limits_.ratio_floor && unpacked / limits_.ratio > packed_->bytes) {
      return fmt::format("The tarball unpacks to more than {} times its size, at \"{}\".",
                         limits_.ratio, path);
    }
    return std::nullopt;
  };
  if (declared > limits_.unpacked_bytes) {
    return refuse(PublishRefusal::unpacked_too_large, *over(declared));
  }
  while (true) {
    const int status = archive_read_data_block(reader_.get(), &block, &size, &offset);
    if (status == ARCHIVE_EOF) break;
    if (status != ARCHIVE_OK) return unreadable();
    total += size;
    if (const auto fault = over(contents_.unpacked_size + total)) {
      return refuse(PublishRefusal::unpacked_too_large, *fault);
    }
    if (keep == nullptr) continue;
    if (total > limits_.package_json_bytes) {
      return refuse(PublishRefusal::manifest_too_large,
                    fmt::format("The tarball's package.json is larger than {} bytes.",
                                limits_.package_json_bytes));
    }
    keep->append(static_cast<const char*>(block), size);
  }
  contents_.unpacked_size += std::max(total, declared);
  return {};
}

Result<void> Inspection::package_json(const std::string& text) {
  std::string_view document = text;
  if (document.starts_with("\xef\xbb\xbf")) document.remove_prefix(3);  // npm drops the mark, too
  json::error_code error;
  json::parse_options options;
  options.max_depth = ScanLimits().depth;  // as the publish document that repeats it
  json::value value =
      json::parse(json::string_view(document.data(), document.size()), error, {}, options);
  if (error || !value.is_object()) {
    return refuse(PublishRefusal::no_package_json,
                  "The tarball's package.json is not a JSON object.",
                  error ? error.message() : std::string());
  }
  contents_.package_json = std::move(value.get_object());
  return {};
}

Result<void> Inspection::entry(archive_entry* entry) {
  if (++entries_ > limits_.entries) {
    return refuse(PublishRefusal::too_many_files,
                  fmt::format("The tarball has more than {} entries.", limits_.entries));
  }
  const char* raw = archive_entry_pathname(entry);
  // Null when the process's locale has no such character.
  if (raw == nullptr) raw = archive_entry_pathname_utf8(entry);
  const Result<EntryPath> path = entry_path(raw == nullptr ? "" : raw);
  if (!path) return pass_on(path);
  if (archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr) {
    return refuse(PublishRefusal::unsafe_entry,
                  fmt::format("The tarball's entry \"{}\" is a link. npm does not unpack links: "
                              "put the file itself there.",
                              path->shown));
  }
  if (archive_entry_filetype(entry) == AE_IFDIR) return {};
  if (archive_entry_filetype(entry) != AE_IFREG) {
    return refuse(
        PublishRefusal::unsafe_entry,
        fmt::format("The tarball's entry \"{}\" is neither a file nor a directory.", path->shown));
  }
  ++contents_.file_count;
  const std::string& file = path->inside;
  if (!same_on_any_disk(file, "package.json")) {
    if (file == "npm-shrinkwrap.json") contents_.has_shrinkwrap = true;
    if (file == "binding.gyp") contents_.has_binding_gyp = true;
    if (file.ends_with(".gyp") && !file.contains('/')) contents_.has_gyp = true;
    return count(entry, path->shown, nullptr);
  }
  if (found_ || file != "package.json") {
    return refuse(PublishRefusal::ambiguous_package_json,
                  fmt::format("The tarball has more than one package.json at its top, or one that "
                              "only looks like it: \"{}\".",
                              path->shown));
  }
  found_ = true;
  std::string text;
  if (Result<void> read = count(entry, path->shown, &text); !read) return read;
  return package_json(text);
}

Result<TarballContents> Inspection::run() {
  if (Result<void> opened = open(); !opened) return pass_on(opened);
  while (true) {
    archive_entry* next = nullptr;
    const int status = archive_read_next_header(reader_.get(), &next);
    if (status == ARCHIVE_EOF) break;
    // A warning about a name's encoding is for this program's locale, not for the tarball.
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return unreadable();
    if (Result<void> seen = entry(next); !seen) return pass_on(seen);
  }
  if (packed_->failed || tar_->failed) return unreadable();
  if (!found_) {
    return refuse(PublishRefusal::no_package_json,
                  "The tarball has no package.json in its top directory.");
  }
  return std::move(contents_);
}

}  // namespace

Result<TarballContents> inspect_tarball(const TarballSource& source, const TarballLimits& limits) {
  return Inspection(source, limits).run();
}

}  // namespace imp::registry
