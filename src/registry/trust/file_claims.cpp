#include "registry/trust/file_claims.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>
#include <vector>

#include "registry/trust/claim_forms.h"
#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

namespace json = boost::json;

constexpr std::size_t kLongestPath = 512;

bool is_file_name(std::string_view name) {
  return is_plain(name) && name.find_first_of("/\\") == std::string_view::npos &&
         (name.ends_with(".yml") || name.ends_with(".yaml"));
}

bool is_segment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." &&
         std::ranges::all_of(segment, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

}  // namespace

std::expected<json::value, std::string> normal_file(const json::value* given) {
  const json::object* object = given ? given->if_object() : nullptr;
  const auto name = object ? string_claim(*object, "file") : std::nullopt;
  if (name && name->find_first_of("*?[") != std::string_view::npos) {
    return std::unexpected(
        "must name one file: a pattern would trust files that do not exist yet, and whoever can "
        "add one. Add a publisher for each file");
  }
  if (!name || object->size() != 1 || !is_file_name(*name)) {
    return std::unexpected(
        "must be {\"file\": NAME}, the name of a file without its folder that ends in .yml or "
        ".yaml");
  }
  return *given;
}

std::optional<std::string> shown_file(const json::value& value) {
  if (const json::object* object = value.if_object(); object && object->size() == 1) {
    const auto name = string_claim(*object, "file");
    return name ? std::optional(std::string(*name)) : std::nullopt;
  }
  return shown_text(value);
}

std::string_view file_of(const json::value& expected) {
  const json::object* object = expected.if_object();
  return object ? string_claim(*object, "file").value_or("") : std::string_view();
}

json::value typed_file(std::string_view text) {
  return text.empty() ? json::value() : json::value(json::object{{"file", text}});
}

bool is_path(std::string_view text, std::size_t least, std::size_t most) {
  if (text.size() > kLongestPath) return false;
  std::size_t segments = 0;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find('/', from), text.size());
    if (!is_segment(text.substr(from, end - from))) return false;
    ++segments;
    from = end + 1;
  }
  return segments >= least && segments <= most;
}

std::string parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

Result<void> check_texts(const json::object& token, std::initializer_list<std::string_view> names) {
  std::vector<std::string_view> missing;
  for (const std::string_view name : names) {
    if (string_claim(token, name).value_or("").empty()) missing.push_back(name);
  }
  if (missing.empty()) return {};
  return refuse(TrustRefusal::claim_missing,
                missing.size() == 1
                    ? fmt::format("The token has no claim {} that is a text.", missing.front())
                    : fmt::format("The token has not the claims {}, or not as texts.",
                                  fmt::join(missing, ", ")));
}

}  // namespace imp::trust
