#include "http/negotiation.h"

#include <algorithm>
#include <optional>

namespace imp::http {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view next_item(std::string_view& list, char separator) {
  const std::string_view item = list.substr(0, list.find(separator));
  list.remove_prefix(std::min(item.size() + 1, list.size()));
  return trimmed(item);
}

/// A weight in thousandths (RFC 9110 §12.4.2: at most three decimals). A malformed one counts as 0:
/// what the client did not clearly ask for is not sent.
int weight(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = next_item(parameters, ';');
    if (parameter.size() < 2 || (parameter[0] | 0x20) != 'q' || parameter[1] != '=') continue;
    const std::string_view value = parameter.substr(2);
    if (value.empty() || value.size() > 5 || (value[0] != '0' && value[0] != '1')) return 0;
    int thousandths = (value[0] - '0') * 1000;
    if (value.size() > 1 && value[1] != '.') return 0;
    int scale = 100;
    for (const char digit : value.substr(std::min<std::size_t>(2, value.size()))) {
      if (digit < '0' || digit > '9') return 0;
      thousandths += (digit - '0') * scale;
      scale /= 10;
    }
    return thousandths <= 1000 ? thousandths : 0;
  }
  return 1000;
}

}  // namespace

bool prefers_gzip(const Request& request) {
  std::optional<int> gzip, identity, any;
  for (const auto& [key, value] : request.headers) {
    if (!equal_ignoring_case(key, "accept-encoding")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      std::string_view item = next_item(rest, ',');
      const std::string_view coding = next_item(item, ';');
      if (equal_ignoring_case(coding, "gzip") || equal_ignoring_case(coding, "x-gzip")) {
        gzip = std::max(gzip.value_or(0), weight(item));
      } else if (equal_ignoring_case(coding, "identity")) {
        identity = weight(item);
      } else if (coding == "*") {
        any = weight(item);
      }
    }
  }
  const int gzip_weight = gzip ? *gzip : any.value_or(0);
  // Identity is acceptable when nothing names it, but anything named is preferred to it.
  const int identity_weight = identity.value_or(0);
  return gzip_weight > 0 && gzip_weight >= identity_weight;
}

bool none_match_holds(const Request& request, std::string_view etag) {
  for (const auto& [key, value] : request.headers) {
    if (!equal_ignoring_case(key, "if-none-match")) continue;
    std::string_view rest = trimmed(value);
    if (rest == "*") return true;
    while (!rest.empty()) {
      rest = rest.substr(std::min(rest.find_first_not_of(" \t,"), rest.size()));
      if (rest.starts_with("W/")) rest.remove_prefix(2);
      if (!rest.starts_with('"')) break;  // not a list of entity tags: the condition is ignored
      const auto close = rest.find('"', 1);
      if (close == std::string_view::npos) break;
      if (rest.substr(0, close + 1) == etag) return true;
      rest.remove_prefix(close + 1);
    }
  }
  return false;
}

}  // namespace imp::http
