#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace imp::blobs {

/// A blob in a journal: a line with its name and its size, then its bytes.
struct JournalRecord {
  std::string sha512;
  std::string_view bytes;
};

std::string journal_record(std::string_view sha512, std::string_view bytes);
/// Takes a record from the front; nothing when there is none, or none that is whole: the name tells
/// whether the bytes are.
std::optional<JournalRecord> next_record(std::string_view& text);

}  // namespace imp::blobs
