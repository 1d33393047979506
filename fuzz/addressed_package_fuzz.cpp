// Which package a request's path means: the router takes a segment, decoding and the rules of names
// make a name of it. Two spellings of one path must never be two packages, nor one spelling the
// package of another.

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "http/router.h"
#include "registry/api/requester.h"

namespace {

using namespace imp;

const http::Router& router() {
  static const http::Router made = [] {
    http::Router router;
    const auto none = [](const http::Request&) { return http::Response{}; };
    router.add(http::Method::get, "/-/package/{package}/trust", none);
    router.add(http::Method::get, "/{package}", none);
    return router;
  }();
  return made;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Once, and no more than once.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                        hex_digit(text[i + 2]) >= 0;
    if (!escape) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
    i += 2;
  }
  return out;
}

std::optional<std::string> addressed(const std::string& before, std::string_view name,
                                     const std::string& after) {
  http::Request request;
  request.method = http::Method::get;
  request.target = before + std::string(name) + after;
  if (!router().match(request).route) return std::nullopt;
  const auto found = registry::addressed_package(request);
  return found ? std::optional(found->text()) : std::nullopt;
}

void check(const std::string& before, std::string_view segment, const std::string& after) {
  const auto name = addressed(before, segment, after);
  if (!name) return;
  // The path may go on with a query, which is no part of the name.
  std::string_view path = segment.substr(0, segment.find('?'));
  // Nor is a slash behind it.
  if (after.empty() && path.ends_with('/')) path.remove_suffix(1);
  if (*name != decoded(path)) std::abort();
  if (name->find('%') != std::string::npos || name->find("..") == 0) std::abort();
  const auto parsed = registry::PackageName::for_read(*name);
  if (!parsed) std::abort();
  if (addressed(before, parsed->escaped(), after) != *name) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view segment(reinterpret_cast<const char*>(data), size);
  if (segment.find('?') == std::string_view::npos) check("/-/package/", segment, "/trust");
  check("/", segment, "");
  return 0;
}
