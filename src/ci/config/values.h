#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ci/config/report.h"

namespace imp::ci::config {

/// Reads typed values out of nodes. Each function reports what is wrong and then returns nothing.

/// A key that CircleCI knows at some place of the file.
struct KnownKey {
  enum class Support { read, unsupported };
  std::string_view name;
  Support support = Support::read;
};
inline constexpr KnownKey::Support unsupported = KnownKey::Support::unsupported;

/// The place must be a map. A key of `known` that is unsupported is an error, a key outside it a
/// warning. `what` names the thing for messages: "A job".
bool check_map(Report& report, const Place& place, std::string_view what,
               std::span<const KnownKey> known);

/// The value of a key. Nothing, without a word, when the map has no such key.
std::optional<Place> find(const Place& map, std::string_view key);
/// As find(), but a missing key is an error.
std::optional<Place> require(Report& report, const Place& map, std::string_view what,
                             std::string_view key);

/// Text. A number or boolean is refused unless a template produced it, since YAML has already
/// changed what was written (3.10 is the number 3.1).
std::optional<std::string> read_string(Report& report, const Place& place);
/// As read_string(), and not blank.
std::optional<std::string> read_text(Report& report, const Place& place);
std::optional<bool> read_boolean(Report& report, const Place& place);
/// One text, or a list of them.
std::optional<std::vector<std::string>> read_string_or_list(Report& report, const Place& place);

/// "a, b, c", or "a, b and 98 more" where the names are many.
std::string comma_list(std::span<const std::string> names);

}  // namespace imp::ci::config
