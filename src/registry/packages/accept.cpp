#include <optional>
#include <string_view>

#include "http/request.h"
#include "registry/packages/packument.h"

namespace imp::registry {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view take_until(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  const std::string_view head = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return trim(head);
}

// A weight in thousandths; a malformed one counts as 0, so that it never wins.
int weight(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view parameter = take_until(parameters, ';');
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
    parameter.remove_prefix(2);
    int thousandths = 0;
    int unit = 1000;
    for (char c : parameter) {
      if (c == '.') continue;
      if (c < '0' || c > '9' || unit == 0) return 0;
      thousandths += (c - '0') * unit;
      unit /= 10;
    }
    return thousandths > 1000 ? 0 : thousandths;
  }
  return 1000;
}

}  // namespace

bool wants_abbreviated(std::string_view accept) {
  std::optional<int> abbreviated;
  std::optional<int> plain;
  while (!accept.empty()) {
    std::string_view range = take_until(accept, ',');
    const std::string_view type = take_until(range, ';');
    if (http::equal_ignoring_case(type, "application/vnd.npm.install-v1+json")) {
      abbreviated = weight(range);
    } else if (http::equal_ignoring_case(type, "application/json")) {
      plain = weight(range);
    }
  }
  return abbreviated && *abbreviated > 0 && *abbreviated >= plain.value_or(0);
}

}  // namespace imp::registry
