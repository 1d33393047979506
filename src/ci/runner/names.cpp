#include "ci/runner/names.h"

#include <algorithm>

namespace imp::ci::runner {

namespace {

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool is_variable_name(std::string_view text) {
  if (text.empty() || !is_letter(text.front())) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

bool is_git_object_name(std::string_view text) {
  if (text.size() != 40 && text.size() != 64) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_git_reference(std::string_view text) {
  if (text.empty() || text == "@") return false;
  if (text.front() == '-' || text.front() == '/' || text.front() == '.' || text.front() == '+') {
    return false;
  }
  if (text.back() == '/' || text.back() == '.' || text.ends_with(".lock")) return false;
  for (std::string_view bad : {"..", "//", "@{", "/.", ".lock/"}) {
    if (text.find(bad) != std::string_view::npos) return false;
  }
  constexpr std::string_view forbidden = " ~^:?*[\\";
  return std::none_of(text.begin(), text.end(), [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f || forbidden.find(c) != std::string_view::npos;
  });
}

}  // namespace imp::ci::runner
