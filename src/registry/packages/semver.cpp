#include "registry/packages/semver.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace imp::registry {
namespace {

constexpr std::size_t kLengthLimit = 256;
constexpr std::uint64_t kLargestNumber = (1ULL << 53) - 1;

bool digit(char c) { return c >= '0' && c <= '9'; }
bool identifier_character(char c) {
  return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}
bool numeric(std::string_view text) { return !text.empty() && std::ranges::all_of(text, digit); }

// Removes a number from the front of `text`; nothing when there is none or it is written oddly.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  std::size_t length = 0;
  while (length < text.size() && digit(text[length])) {
    value = value * 10 + static_cast<std::uint64_t>(text[length] - '0');
    if (value > kLargestNumber) return std::nullopt;
    ++length;
  }
  if (length == 0 || (length > 1 && text.front() == '0')) return std::nullopt;
  text.remove_prefix(length);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// "rc.1": dot-separated identifiers; in a prerelease, numbers have no leading zeros.
bool valid_identifiers(std::string_view text, bool prerelease, std::vector<std::string>* out) {
  while (true) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    const std::string_view one = text.substr(0, dot);
    if (one.empty() || !std::ranges::all_of(one, identifier_character)) return false;
    if (prerelease && numeric(one) && one.size() > 1 && one.front() == '0') return false;
    if (out != nullptr) out->emplace_back(one);
    if (dot == text.size()) return true;
    text.remove_prefix(dot + 1);
  }
}

std::strong_ordering compare_identifiers(std::string_view a, std::string_view b) {
  const bool a_number = numeric(a);
  const bool b_number = numeric(b);
  if (a_number && b_number) {  // without leading zeros, the longer one is the greater
    if (a.size() != b.size()) return a.size() <=> b.size();
    return a <=> b;
  }
  if (a_number != b_number) {
    return a_number ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  return a <=> b;
}

}  // namespace

std::optional<SemVer> SemVer::parse(std::string_view text) {
  if (text.size() > kLengthLimit) return std::nullopt;
  SemVer version;
  const auto major = take_number(text);
  if (!major || !take(text, '.')) return std::nullopt;
  const auto minor = take_number(text);
  if (!minor || !take(text, '.')) return std::nullopt;
  const auto patch = take_number(text);
  if (!patch) return std::nullopt;
  version.major = *major;
  version.minor = *minor;
  version.patch = *patch;
  if (const std::size_t plus = text.find('+'); plus != std::string_view::npos) {
    version.build = text.substr(plus + 1);
    if (!valid_identifiers(version.build, false, nullptr)) return std::nullopt;
    text = text.substr(0, plus);
  }
  if (text.empty()) return version;
  if (!take(text, '-') || !valid_identifiers(text, true, &version.prerelease)) return std::nullopt;
  return version;
}

std::optional<SemVer> SemVer::clean(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return std::nullopt;
  text = text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
  const std::size_t start = text.find_first_not_of("=v");
  if (start == std::string_view::npos) return std::nullopt;
  return parse(text.substr(start));
}

std::string SemVer::text() const {
  std::string out = fmt::format("{}.{}.{}", major, minor, patch);
  if (!prerelease.empty()) out += fmt::format("-{}", fmt::join(prerelease, "."));
  return out;
}

std::strong_ordering compare(const SemVer& a, const SemVer& b) {
  if (auto order = a.major <=> b.major; order != 0) return order;
  if (auto order = a.minor <=> b.minor; order != 0) return order;
  if (auto order = a.patch <=> b.patch; order != 0) return order;
  if (a.is_prerelease() != b.is_prerelease()) {
    return a.is_prerelease() ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  const std::size_t common = std::min(a.prerelease.size(), b.prerelease.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (auto order = compare_identifiers(a.prerelease[i], b.prerelease[i]); order != 0)
      return order;
  }
  return a.prerelease.size() <=> b.prerelease.size();
}

bool is_canonical_version(std::string_view text) {
  const std::optional<SemVer> version = SemVer::parse(text);
  return version && version->build.empty();
}

}  // namespace imp::registry
