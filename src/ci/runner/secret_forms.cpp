#include "ci/runner/secret_forms.h"

#include <algorithm>

#include "base/encoding.h"

namespace imp::ci::runner {

namespace {

constexpr std::size_t shortest = 4, shortest_line = 8, shortest_encoded = 8;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blank);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

/// The digits that every base64 text has which holds the value after `offset` other bytes (modulo
/// 3): those at both ends also depend on their neighbours.
std::string encoded(std::string_view value, std::size_t offset) {
  const std::string text = base64(bytes_of(std::string(offset, '\0') + std::string(value)));
  const std::size_t begin = (offset * 8 + 5) / 6;
  const std::size_t end = (offset + value.size()) * 8 / 6;
  return text.substr(begin, end - begin);
}

}  // namespace

bool is_secret(std::string_view value) {
  if (value.size() < shortest) return false;
  for (std::string_view word : {"true", "True", "false", "False"}) {
    if (value == word) return false;
  }
  return true;
}

std::vector<std::string> secret_forms(std::string_view value) {
  std::vector<std::string> out;
  const auto add = [&](std::string_view form, std::size_t least) {
    if (form.size() < least || !is_secret(form)) return;
    if (std::ranges::find(out, form) == out.end()) out.emplace_back(form);
  };
  if (!is_secret(value)) return out;
  add(value, shortest);
  add(trimmed(value), shortest);
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t end = std::min(value.find('\n', at), value.size());
    add(trimmed(value.substr(at, end - at)), shortest_line);
    at = end + 1;
  }
  if (value.size() < shortest_encoded) return out;
  for (const std::size_t offset : {0, 1, 2}) {
    std::string form = encoded(value, offset);
    add(form, shortest_encoded);
    std::ranges::replace(form, '+', '-');
    std::ranges::replace(form, '/', '_');
    add(form, shortest_encoded);
  }
  return out;
}

}  // namespace imp::ci::runner
