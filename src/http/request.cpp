#include "http/request.h"

#include <algorithm>

#include "base/encoding.h"

namespace imp::http {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// application/x-www-form-urlencoded: '+' is a space, then percent-decoding, once.
std::optional<std::string> form_decode(std::string_view text) {
  std::string spaced(text);
  for (char& c : spaced) {
    if (c == '+') c = ' ';
  }
  auto decoded = percent_decode(spaced);
  if (!decoded || !is_utf8(*decoded)) return std::nullopt;
  return decoded;
}

/// Calls `found` with the value of each field of that name until it returns false.
template <class Found>
void each_field(std::string_view encoded, std::string_view name, Found found) {
  while (!encoded.empty()) {
    const std::string_view pair = encoded.substr(0, encoded.find('&'));
    encoded.remove_prefix(std::min(pair.size() + 1, encoded.size()));
    const auto equals = pair.find('=');
    const auto key = form_decode(pair.substr(0, equals));
    if (!key || *key != name) continue;
    const auto value =
        equals == std::string_view::npos ? std::string() : form_decode(pair.substr(equals + 1));
    if (!found(value)) return;
  }
}

std::optional<std::string> first_field(std::string_view encoded, std::string_view name) {
  std::optional<std::string> first;
  each_field(encoded, name, [&](const std::optional<std::string>& value) {
    first = value;
    return false;
  });
  return first;
}

/// What follows the scheme in an Authorization header, or empty when the scheme is another.
std::string_view credentials(const Request& request, std::string_view scheme) {
  const std::string_view value = request.header("authorization");
  if (value.size() <= scheme.size() || value[scheme.size()] != ' ') return {};
  if (!equal_ignoring_case(value.substr(0, scheme.size()), scheme)) return {};
  return trimmed(value.substr(scheme.size()));
}

bool has_form_body(const Request& request) {
  const std::string_view type = request.header("content-type");
  return equal_ignoring_case(trimmed(type.substr(0, type.find(';'))),
                             "application/x-www-form-urlencoded");
}

}  // namespace

std::string_view name(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::del:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
    case Method::other:
      return "other";
  }
  return "other";
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::string_view Request::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view Request::query_string() const {
  const auto mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equal_ignoring_case(key, name)) return value;
  }
  return {};
}

bool Request::has_header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equal_ignoring_case(key, name)) return true;
  }
  return false;
}

const std::string& Request::param(std::string_view name) const {
  static const std::string none;
  for (const auto& [key, value] : captures) {
    if (key == name) return value;
  }
  return none;
}

std::optional<std::string> Request::query(std::string_view name) const {
  return first_field(query_string(), name);
}

std::string_view Request::cookie(std::string_view name) const {
  for (const auto& [key, header] : headers) {
    if (!equal_ignoring_case(key, "cookie")) continue;
    std::string_view rest = header;
    while (!rest.empty()) {
      const std::string_view pair = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
      const auto equals = pair.find('=');
      if (equals == std::string_view::npos || trimmed(pair.substr(0, equals)) != name) continue;
      return trimmed(pair.substr(equals + 1));
    }
  }
  return {};
}

std::string_view Request::bearer() const { return credentials(*this, "Bearer"); }

std::optional<std::pair<std::string, std::string>> Request::basic() const {
  const std::string_view encoded = credentials(*this, "Basic");
  if (encoded.empty()) return std::nullopt;
  const auto decoded = from_base64(encoded);
  if (!decoded) return std::nullopt;
  const std::string_view text = text_of(*decoded);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || !is_utf8(text)) return std::nullopt;
  return std::pair(std::string(text.substr(0, colon)), std::string(text.substr(colon + 1)));
}

std::optional<std::string> Request::form(std::string_view name) const {
  if (!has_form_body(*this)) return std::nullopt;
  return first_field(body, name);
}

std::vector<std::string> Request::form_all(std::string_view name) const {
  std::vector<std::string> values;
  if (!has_form_body(*this)) return values;
  each_field(body, name, [&](const std::optional<std::string>& value) {
    if (value) values.push_back(*value);
    return true;
  });
  return values;
}

}  // namespace imp::http
