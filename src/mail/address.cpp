#include "mail/address.h"

#include <algorithm>

namespace imp::mail {

namespace {

constexpr std::size_t kLongest = 254, kLongestLocal = 64, kLongestLabel = 63;

bool alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool atom(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-/=?^_`{|}~";
  return !text.empty() &&
         std::ranges::all_of(text, [&](char c) { return alphanumeric(c) || kMarks.contains(c); });
}

bool label(std::string_view text) {
  return !text.empty() && text.size() <= kLongestLabel && text.front() != '-' &&
         text.back() != '-' &&
         std::ranges::all_of(text, [](char c) { return alphanumeric(c) || c == '-'; });
}

bool dotted(std::string_view text, bool (*part)(std::string_view)) {
  while (true) {
    const std::size_t dot = text.find('.');
    if (!part(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

bool is_deliverable(std::string_view address) {
  const std::size_t at = address.rfind('@');
  return at != std::string_view::npos && address.size() <= kLongest && at <= kLongestLocal &&
         dotted(address.substr(0, at), atom) && dotted(address.substr(at + 1), label);
}

std::string_view domain_of(std::string_view address) {
  return address.substr(std::min(address.rfind('@') + 1, address.size()));
}

}  // namespace imp::mail
