#include "registry/trust/ref_pattern.h"

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

#include "registry/packages/semver.h"

namespace imp::trust {

namespace {

namespace json = boost::json;
using Normal = std::expected<json::value, std::string>;

constexpr std::string_view kVersion = "{{version}}";
constexpr std::size_t kLongestPattern = 255;
constexpr std::size_t kLongestRef = 512;
constexpr std::ptrdiff_t kMostStars = 8;

bool is_pattern(std::string_view text) {
  const std::size_t version = text.find(kVersion);
  std::string rest(text);
  if (version != std::string_view::npos) rest.erase(version, kVersion.size());
  // One that is written with single braces would only ever be that very name.
  const bool mistyped = rest.contains("{{") || rest.contains("}}") || rest.contains("{version}");
  return is_plain(text, kLongestPattern) && !mistyped &&
         std::ranges::count(rest, '*') <= kMostStars;
}

/// The lengths of those beginnings of the text that the pattern stands for. Takes the product of
/// both lengths, however many stars there are.
std::vector<bool> beginnings(std::string_view pattern, std::string_view text) {
  std::vector<bool> ends(text.size() + 1, false);  // for the part of the pattern that was read
  ends[0] = true;
  for (const char c : pattern) {
    if (c == '*') {
      for (std::size_t i = 1; i < ends.size(); ++i) {
        if (ends[i - 1] && text[i - 1] != '/') ends[i] = true;
      }
    } else {
      for (std::size_t i = text.size(); i > 0; --i) ends[i] = ends[i - 1] && text[i - 1] == c;
      ends[0] = false;
    }
  }
  return ends;
}

std::string reversed(std::string_view text) { return {text.rbegin(), text.rend()}; }

Normal normal(const json::value* given, bool full) {
  const bool text = given && given->is_string();
  if (!text || !is_pattern(given->get_string()) ||
      (full && !given->get_string().starts_with("refs/heads/") &&
       !given->get_string().starts_with("refs/tags/"))) {
    return std::unexpected(
        std::string("must be ") +
        (full ? "a full ref, refs/heads/BRANCH or refs/tags/TAG, in which" : "a text in which") +
        " * stands for anything but a slash and {{version}}, at most once, for the version");
  }
  return *given;
}

Normal normal_ref(const json::value* given) { return normal(given, true); }
Normal normal_any(const json::value* given) { return normal(given, false); }

bool satisfied(const json::value& expected, const json::value& received, const json::object&) {
  return expected.is_string() && !expected.get_string().empty() && received.is_string() &&
         version_in(expected.get_string(), received.get_string()).has_value();
}

std::string version(const json::value& expected, const json::value& received) {
  return version_in(expected.get_string(), received.get_string()).value_or("");
}

}  // namespace

std::optional<std::string> version_in(std::string_view pattern, std::string_view ref) {
  if (ref.size() > kLongestRef) return std::nullopt;
  const std::size_t at = pattern.find(kVersion);
  if (at == std::string_view::npos) {
    return beginnings(pattern, ref).back() ? std::optional<std::string>("") : std::nullopt;
  }
  const auto before = beginnings(pattern.substr(0, at), ref);
  const auto after = beginnings(reversed(pattern.substr(at + kVersion.size())), reversed(ref));
  // Without stars there is one place where the version can be; with them, the longest one counts.
  for (std::size_t from = 0; from <= ref.size(); ++from) {
    if (!before[from]) continue;
    for (std::size_t to = ref.size(); to > from; --to) {
      const std::string_view version = ref.substr(from, to - from);
      if (after[ref.size() - to] && registry::is_canonical_version(version)) {
        return std::string(version);
      }
    }
  }
  return std::nullopt;
}

const ClaimForm kRef = {normal_ref, shown_text, satisfied, typed_text, false, version};
const ClaimForm kAnyRef = {normal_any, shown_text, satisfied, typed_text, false, version};

}  // namespace imp::trust
