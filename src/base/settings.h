#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"

namespace imp {

enum class SettingsRefusal { unreadable_file, malformed_file, unknown_key, bad_value };
Reason reason(SettingsRefusal refusal);

/// Binds settings to the members of a typed structure, and fills them from a YAML file, from the
/// environment and from flags: later sources win. A key is a dotted path ("http.listen"); in a file
/// it may be nested or dotted; in the environment it is IMPRIMATUR_HTTP_LISTEN. Nothing unknown is
/// ignored: a refusal names the source, the line, and what is allowed.
class SettingsTable {
 public:
  void text(std::string key, std::string& target, std::string help);
  void number(std::string key, std::int64_t& target, std::int64_t least, std::int64_t most,
              std::string help);
  /// "90s", "15m", "1h", "14d"; a bare number is refused because its unit is anybody's guess.
  void duration(std::string key, Milliseconds& target, Milliseconds least, Milliseconds most,
                std::string help);
  void flag(std::string key, bool& target, std::string help);  ///< true or false
  void choice(std::string key, std::string& target, std::vector<std::string> allowed,
              std::string help);
  /// A YAML list, or text separated by commas.
  void list(std::string key, std::vector<std::string>& target, std::string help);

  Result<void> read_file(const std::string& path);
  /// `environment` is the process's ("NAME=value", null-terminated). Variables that begin with
  /// IMPRIMATUR_ and name no setting are refused, except those in `reserved`.
  Result<void> read_environment(const char* const* environment,
                                const std::vector<std::string>& reserved = {});
  /// One value from a flag; `source` is what the refusal blames ("--listen").
  Result<void> set(std::string_view key, const std::vector<std::string>& values,
                   std::string_view source);

  struct Entry {
    std::string key;
    std::string help;
    std::string allowed;  ///< in words, e.g. "a number from 1 to 65535"
    std::function<bool(const std::vector<std::string>&)> assign;  ///< false: value not allowed
  };
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  const Entry* find(std::string_view key) const;
  void add(Entry entry);

  std::vector<Entry> entries_;
};

/// "90s", "15m", "1h", "14d"; nothing for anything else.
std::optional<Milliseconds> parse_duration(std::string_view text);

}  // namespace imp
