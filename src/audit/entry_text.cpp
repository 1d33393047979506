#include "audit/entry_text.h"

#include <algorithm>
#include <charconv>

#include "crypto/hash.h"

namespace imp::audit {

namespace {

constexpr std::string_view kOfHash = "imprimatur-audit-1-sha256\n";

// Takes a netstring, or "-," for null when that is allowed, off the text; false when there is none.
bool take(std::string_view& text, std::optional<std::string>& value, bool may_be_null) {
  if (may_be_null && text.starts_with("-,")) {
    value.reset();
    text.remove_prefix(2);
    return true;
  }
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || digits >= text.size() || text[digits] != ':') return false;
  text.remove_prefix(digits + 1);
  if (length >= text.size() || text[length] != ',') return false;
  value = std::string(text.substr(0, length));
  text.remove_prefix(length + 1);
  return true;
}

}  // namespace

std::string entry_text(std::string_view chained_text) {
  if (chained_text.size() <= kLongestEntry) return std::string(chained_text);
  return std::string(kOfHash) + crypto::sha256_hex(chained_text) + "\n";
}

bool is_entry_of_hash(std::string_view entry) {
  if (!entry.starts_with(kOfHash) || !entry.ends_with('\n')) return false;
  const std::string_view hash = entry.substr(kOfHash.size(), entry.size() - kOfHash.size() - 1);
  return hash.size() == 2 * sizeof(crypto::Sha256) &&
         hash.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<EntryParts> parse_entry(std::string_view entry) {
  EntryParts parts;
  StoredRecord& record = parts.record;
  std::optional<std::string> value;
  std::string_view rest = entry.substr(std::min(entry.size(), entry.find('\n') + 1));
  for (std::string* column : {&parts.previous, &record.sequence, &record.at, &record.actor,
                              &record.action, &record.subject, &record.outcome}) {
    if (!take(rest, value, false)) return std::nullopt;
    *column = *value;
  }
  if (!take(rest, record.organization, true)) return std::nullopt;
  for (std::string* column : {&record.request_id, &record.remote_address, &record.detail}) {
    if (!take(rest, value, false)) return std::nullopt;
    *column = *value;
  }
  // Written again it has to be the same, header, lengths and end.
  if (chained_text(parts.previous, record) != entry) return std::nullopt;
  return parts;
}

}  // namespace imp::audit
