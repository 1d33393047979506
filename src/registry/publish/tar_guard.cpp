#include "registry/publish/tar_guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "registry/publish/refusal.h"

namespace imp::registry {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::uint64_t kHeaderLimit = 1024 * 1024;

std::unexpected<Failure> ambiguous(std::string_view what) {
  return refuse(
      PublishRefusal::unsafe_entry,
      fmt::format("The tarball has {}, which not every unpacker reads alike. Pack it with "
                  "npm pack.",
                  what));
}

std::string_view field(std::string_view block, std::size_t at, std::size_t size) {
  const std::string_view text = block.substr(at, size);
  return text.substr(0, text.find('\0'));
}

// Octal digits, with blanks around; nothing for the binary form of sizes above 8 GiB.
std::optional<std::uint64_t> octal(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.empty()) return 0;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The sum of the header's bytes, with blanks in place of the sum itself.
std::uint64_t checksum(std::string_view block) {
  std::uint64_t sum = 8 * ' ';
  for (std::size_t i = 0; i < block.size(); ++i) {
    if (i < 148 || i >= 156) sum += static_cast<unsigned char>(block[i]);
  }
  return sum;
}

}  // namespace

Result<void> TarGuard::write(ByteView bytes) {
  std::string_view text = text_of(bytes);
  while (!text.empty()) {
    if (skip_ > 0) {
      const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, text.size()));
      const auto kept_bytes = static_cast<std::size_t>(std::min<std::uint64_t>(keep_, taken));
      text_ += text.substr(0, kept_bytes);
      keep_ -= kept_bytes;
      skip_ -= taken;
      text.remove_prefix(taken);
      if (skip_ == 0 && keeping_ != Keep::nothing) {
        if (Result<void> ok = kept(); !ok) return ok;
      }
      continue;
    }
    const std::size_t taken = std::min(kBlock - block_.size(), text.size());
    block_ += text.substr(0, taken);
    text.remove_prefix(taken);
    if (block_.size() < kBlock) return {};
    if (Result<void> ok = header(); !ok) return ok;
    block_.clear();
  }
  return {};
}

Result<void> TarGuard::header() {
  if (std::ranges::all_of(block_, [](char c) { return c == '\0'; })) return {};
  if (octal(field(block_, 148, 8)) != checksum(block_)) {
    return refuse(PublishRefusal::unreadable_tarball,
                  "The tarball is damaged, or not a tar file: a header's checksum is wrong.");
  }
  const std::optional<std::uint64_t> size = octal(field(block_, 124, 12));
  if (!size) return ambiguous("an entry whose size is not octal");
  const char type = block_[156];
  if (type != 'x' && type != 'L' && type != 'K') {
    if (size_.value_or(*size) != *size) return ambiguous("an entry with two sizes");
    size_.reset();
  }
  keeping_ = Keep::nothing;
  switch (type) {
    case 'x':
      keeping_ = Keep::extended_header;
      break;
    case 'L':
      keeping_ = Keep::long_name;
      break;
    case 'K':
      break;  // the long name of a link, and links are refused
    case 'g':
      return ambiguous("a global extended header");
    case '0':
    case '\0':
    case '7': {
      const bool directory =
          path_.empty() ? field(block_, 0, 100).ends_with('/') : path_.ends_with('/');
      if (directory && *size > 0) return ambiguous("a directory with content");
      path_.clear();
      break;
    }
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
      if (*size > 0) return ambiguous("a directory, link or device with content");
      path_.clear();
      break;
    default:
      return ambiguous("an entry of an unusual type");
  }
  if (keeping_ != Keep::nothing && *size > kHeaderLimit) return ambiguous("an oversized header");
  skip_ = (*size + kBlock - 1) / kBlock * kBlock;
  keep_ = keeping_ == Keep::nothing ? 0 : *size;
  text_.clear();
  return {};
}

// An extended header is "LENGTH KEY=VALUE\n" again and again, where LENGTH counts the whole record.
Result<void> TarGuard::kept() {
  if (keeping_ == Keep::long_name) return name(field(text_, 0, text_.size()));
  std::string_view rest = text_;
  while (!rest.empty()) {
    const std::size_t blank = rest.find(' ');
    std::size_t length = 0;
    const char* digits_end = rest.data() + std::min(blank, rest.size());
    const auto [end, error] = std::from_chars(rest.data(), digits_end, length);
    if (error != std::errc() || end != digits_end || length > rest.size() || length < blank + 2) {
      return ambiguous("a damaged extended header");
    }
    const std::string_view one = rest.substr(blank + 1, length - blank - 1);
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos || one.find('\n') != one.size() - 1 ||
        one.find('\0') != std::string_view::npos) {
      return ambiguous("a damaged extended header");
    }
    if (Result<void> ok = record(one.substr(0, equals), one.substr(equals + 1)); !ok) return ok;
    rest.remove_prefix(length);
  }
  return {};
}

Result<void> TarGuard::record(std::string_view key, std::string_view value) {
  if (key == "path") return name(value.substr(0, value.size() - 1));
  if (key == "size") {
    // npm pack repeats the size here; only another size would be read differently.
    const std::string_view digits = value.substr(0, value.size() - 1);
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
    if (error != std::errc() || end != digits.data() + digits.size() || size_) {
      return ambiguous("a damaged extended header");
    }
    size_ = size;
  }
  if (key == "SCHILY.realsize") return ambiguous("a size in an extended header");
  if (key == "hdrcharset") return ambiguous("names in a declared character set");
  if (key.starts_with("GNU.sparse")) return ambiguous("a sparse file");
  return {};
}

Result<void> TarGuard::name(std::string_view path) {
  if (!path_.empty() || path.empty()) return ambiguous("an entry with two names, or none");
  path_ = path;
  return {};
}

}  // namespace imp::registry
