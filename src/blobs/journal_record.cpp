#include "blobs/journal_record.h"

#include <charconv>

#include "blobs/store.h"
#include "crypto/hash.h"

namespace imp::blobs {

namespace {

constexpr std::string_view kMark = "blob ";
constexpr std::size_t kNameSize = 128;
constexpr std::size_t kLongestSize = 20;

}  // namespace

std::string journal_record(std::string_view sha512, std::string_view bytes) {
  std::string text(kMark);
  text.reserve(kMark.size() + kNameSize + kLongestSize + 2 + bytes.size());
  text += sha512;
  text += ' ';
  text += std::to_string(bytes.size());
  text += '\n';
  text += bytes;
  return text;
}

std::optional<JournalRecord> next_record(std::string_view& text) {
  if (!text.starts_with(kMark)) return std::nullopt;
  std::string_view rest = text.substr(kMark.size());
  JournalRecord record;
  record.sha512 = rest.substr(0, kNameSize);
  if (!is_blob_name(record.sha512)) return std::nullopt;
  rest.remove_prefix(kNameSize);
  const std::size_t line = rest.substr(0, kLongestSize + 2).find('\n');
  if (line == std::string_view::npos || line < 2 || rest.front() != ' ') return std::nullopt;
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + line, size);
  if (error != std::errc() || end != rest.data() + line) return std::nullopt;
  rest.remove_prefix(line + 1);
  if (size > rest.size()) return std::nullopt;
  record.bytes = rest.substr(0, size);
  if (hex(crypto::sha512(bytes_of(record.bytes))) != record.sha512) return std::nullopt;
  text = rest.substr(size);
  return record;
}

}  // namespace imp::blobs
