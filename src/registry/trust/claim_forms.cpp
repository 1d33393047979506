#include "registry/trust/claim_forms.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <sstream>
#include <vector>

#include "base/encoding.h"
#include "base/uuid.h"

namespace imp::trust {

namespace {

namespace json = boost::json;
using Normal = std::expected<json::value, std::string>;

constexpr std::size_t kLongestIdentifier = 64;

constexpr std::size_t kMostInASet = 100;
constexpr std::size_t kLongestOrigin = 512;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

Normal normal_uuid(const json::value* given) {
  if (!given || !given->is_string() || !is_uuid(given->get_string())) {
    return std::unexpected("must be a UUID, such as the ones on the project's settings pages");
  }
  return json::value(lower(given->get_string()));
}

bool is_vcs_origin(std::string_view origin) {
  if (origin.size() > kLongestOrigin || !is_utf8(origin) || origin.contains("://")) return false;
  int parts = 0;
  for (std::size_t from = 0; from <= origin.size();) {
    const std::size_t end = std::min(origin.find('/', from), origin.size());
    const std::string_view part = origin.substr(from, end - from);
    if (part.empty() || part == "." || part == "..") return false;
    ++parts;
    from = end + 1;
  }
  return parts >= 3 && std::ranges::none_of(origin, [](char c) {
           return static_cast<unsigned char>(c) <= ' ' || c == '?' || c == '#' || c == '@' ||
                  c == '\x7f';
         });
}

Normal normal_vcs_origin(const json::value* given) {
  if (!given || !given->is_string() || !is_vcs_origin(given->get_string())) {
    return std::unexpected(
        "must be host/owner/repository without a scheme, such as github.com/acme/widgets");
  }
  return *given;
}

/// The strings of a list; nothing when it is no list, or holds anything else.
std::optional<std::vector<std::string>> strings(const json::value& value) {
  if (!value.is_array()) return std::nullopt;
  std::vector<std::string> out;
  for (const json::value& item : value.get_array()) {
    if (!item.is_string()) return std::nullopt;
    out.emplace_back(item.get_string());
  }
  return out;
}

Normal normal_uuid_set(const json::value* given) {
  auto ids = given ? strings(*given) : std::optional(std::vector<std::string>());
  if (!ids || ids->size() > kMostInASet || !std::ranges::all_of(*ids, is_uuid)) {
    return std::unexpected(fmt::format("must be a list of at most {} UUIDs", kMostInASet));
  }
  for (std::string& id : *ids) id = lower(id);
  std::ranges::sort(*ids);
  const auto repeated = std::ranges::unique(*ids);
  ids->erase(repeated.begin(), repeated.end());
  return json::value_from(*ids);
}

std::optional<std::string> shown_set(const json::value& value) {
  const auto ids = strings(value);
  if (!ids) return std::nullopt;
  return ids->empty() ? std::string("(none)") : fmt::format("{}", fmt::join(*ids, ", "));
}

bool holds_all(const json::value& expected, const json::value& received, const json::object&) {
  const auto wanted = strings(expected);
  const auto held = strings(received);
  return wanted && held && !wanted->empty() &&
         std::ranges::all_of(*wanted, [&](const std::string& id) {
           return std::ranges::find(*held, id) != held->end();
         });
}

json::value typed_list(std::string_view text) {
  json::array items;
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) items.emplace_back(word);
  return items.empty() ? json::value() : json::value(std::move(items));
}

Normal normal_text(const json::value* given) {
  if (!given || !given->is_string() || !is_plain(given->get_string())) {
    return std::unexpected("must be a text of 1 to 255 bytes without control characters");
  }
  return *given;
}

Normal normal_identifier(const json::value* given) {
  if (!given || !given->is_string() || !is_plain(given->get_string(), kLongestIdentifier)) {
    return std::unexpected("must be the identifier as a text, of at most 64 bytes");
  }
  return *given;
}

}  // namespace

std::optional<std::string> shown_text(const json::value& value) {
  if (!value.is_string()) return std::nullopt;
  return std::string(value.get_string());
}

bool same_text(const json::value& expected, const json::value& received, const json::object&) {
  // A publisher that expects nothing would otherwise be satisfied by nothing.
  return expected.is_string() && !expected.get_string().empty() && received == expected;
}

json::value typed_text(std::string_view text) {
  return text.empty() ? json::value() : json::value(text);
}

bool is_plain(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest && is_utf8(text) &&
         std::ranges::none_of(
             text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

const ClaimForm kUuid = {normal_uuid, shown_text, same_text, typed_text};
const ClaimForm kVcsOrigin = {normal_vcs_origin, shown_text, same_text, typed_text};
const ClaimForm kUuidSet = {normal_uuid_set, shown_set, holds_all, typed_list, true};
const ClaimForm kText = {normal_text, shown_text, same_text, typed_text};
const ClaimForm kIdentifier = {normal_identifier, shown_text, same_text, typed_text};

std::optional<std::string_view> string_claim(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value || !value->is_string()) return std::nullopt;
  return std::string_view(value->get_string());
}

}  // namespace imp::trust
