#include <algorithm>
#include <string>

#include "registry/packages/semver.h"

// The grammar of node-semver's ranges, as far as telling a range from something else needs it.
namespace imp::registry {
namespace {

bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

bool wildcard(std::string_view part) { return part == "x" || part == "X" || part == "*"; }

bool number(std::string_view part) {
  return !part.empty() && part.size() <= 16 && (part.size() == 1 || part.front() != '0') &&
         std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
}

// "1", "1.x", "1.2.3-rc.1+b", with a 'v' or '=' before it.
bool partial_version(std::string_view text) {
  while (!text.empty() && (text.front() == 'v' || text.front() == '=' || blank(text.front()))) {
    text.remove_prefix(1);
  }
  std::size_t parts = 0;
  while (true) {
    const std::size_t end = std::min(text.find_first_of(parts < 2 ? ".-+" : "-+"), text.size());
    const std::string_view part = text.substr(0, end);
    if (!wildcard(part) && !number(part)) return false;
    ++parts;
    text.remove_prefix(end);
    if (text.empty()) return true;
    if (text.front() != '.') break;
    text.remove_prefix(1);
  }
  // A prerelease or build may follow three parts only; SemVer itself says whether it is well
  // formed.
  return parts == 3 && SemVer::parse("0.0.0" + std::string(text)).has_value();
}

// One of the space-separated terms, once blanks after operators are gone.
bool comparator(std::string_view term) {
  for (std::string_view op : {"~>", ">=", "<=", "^", "~", ">", "<", "="}) {
    if (term.starts_with(op)) {
      term.remove_prefix(op.size());
      // A bare operator compares with anything.
      return term.empty() || partial_version(term);
    }
  }
  return partial_version(term);
}

bool hyphen_range(std::string_view text) {
  for (std::size_t at = text.find('-'); at != std::string_view::npos; at = text.find('-', at + 1)) {
    if (at == 0 || at + 1 >= text.size() || !blank(text[at - 1]) || !blank(text[at + 1])) continue;
    if (partial_version(trim(text.substr(0, at))) && partial_version(trim(text.substr(at + 1)))) {
      return true;
    }
  }
  return false;
}

bool comparator_set(std::string_view text) {
  text = trim(text);
  if (text.empty() || hyphen_range(text)) return true;
  std::string term;
  const auto operators_only = [&] {
    return !term.empty() && term.find_first_not_of("<>=~^") == std::string::npos;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!blank(text[i])) {
      term += text[i];
    } else if (!term.empty() && !operators_only()) {
      if (!comparator(term)) return false;
      term.clear();
    }
  }
  return term.empty() || comparator(term);
}

}  // namespace

bool is_version_range(std::string_view text) {
  if (text.size() > 1024) return false;
  while (true) {
    const std::size_t bar = text.find("||");
    if (!comparator_set(text.substr(0, bar))) return false;
    if (bar == std::string_view::npos) return true;
    text.remove_prefix(bar + 2);
  }
}

}  // namespace imp::registry
