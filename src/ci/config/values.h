#pragma once

#include <cstddef>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ci/config/compiled.h"
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

/// What a key is that CircleCI does not know: a warning, or an error where leaving it out would
/// make more run than was meant.
enum class UnknownKeys { warn, refuse };

/// The place must be a map. A key of `known` that is unsupported is an error; `unknown` says what a
/// key outside it is. `what` names the thing for messages: "A job".
bool check_map(Report& report, const Place& place, std::string_view what,
               std::span<const KnownKey> known, UnknownKeys unknown = UnknownKeys::warn);

/// Whether nothing is written there. A `<< >>` tag that came to nothing is something: it is
/// reported as an error, so that what it stood for (a filter, a requirement) does not go missing.
bool is_left_out(Report& report, const Place& place);

/// The value of a key. Nothing, without a word, when the map has no such key.
std::optional<Place> find(const Place& map, std::string_view key);
/// As find(), but a missing key is an error.
std::optional<Place> require(Report& report, const Place& map, std::string_view what,
                             std::string_view key);

/// Text. A number or boolean is refused unless a template produced it, since YAML has already
/// changed what was written (3.10 is the number 3.1).
std::optional<std::string> read_string(Report& report, const Place& place);
/// As read_string(), not blank and at most max_text_bytes.
std::optional<std::string> read_text(Report& report, const Place& place);
/// As read_text(), and at most max_short_text_bytes: a path, a shell, an image, a name.
std::optional<std::string> read_short_text(Report& report, const Place& place);
std::optional<bool> read_boolean(Report& report, const Place& place);
/// One text, or a list of them.
std::optional<std::vector<std::string>> read_string_or_list(Report& report, const Place& place);

/// Messages stay short however many names a file has.
inline constexpr std::size_t max_list_bytes = 1000;

/// "a, b, c", or "a, b and 98 more" where the names are many. Looks at no more of them than it
/// shows.
template <std::ranges::sized_range Names>
std::string comma_list(const Names& names) {
  std::string list;
  std::size_t shown = 0;
  for (const std::string& name : names) {
    if (list.size() + name.size() > max_list_bytes) {
      const std::size_t left = std::ranges::size(names) - shown;
      return list + (shown == 0 ? "" : " and ") + std::to_string(left) + " more";
    }
    list += (shown++ == 0 ? "" : ", ") + name;
  }
  return list;
}

}  // namespace imp::ci::config
