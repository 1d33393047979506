#include "registry/trust/key_document.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "http/request.h"
#include "jose/strict_json.h"
#include "registry/trust/claim_forms.h"

namespace imp::trust {

std::optional<std::string> origin_of(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!url.starts_with(scheme)) continue;
    const std::string_view rest = url.substr(scheme.size());
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    // User information could make one host look like another.
    if (authority.empty() || authority.contains('@') || authority.contains('\\'))
      return std::nullopt;
    return std::string(scheme) + std::string(authority);
  }
  return std::nullopt;
}

std::expected<std::string, std::string> jwks_uri_of(std::string_view document,
                                                    std::string_view issuer) {
  const auto parsed = jose::parse_strict_object(document, {});
  if (!parsed)
    return std::unexpected("the discovery document is not a JSON object: " + parsed.error());
  const auto named = string_claim(*parsed, "issuer");
  if (named != issuer) {
    return std::unexpected(
        fmt::format("the discovery document is that of issuer \"{}\", not of \"{}\"",
                    named.value_or("(absent)"), issuer));
  }
  const auto uri = string_claim(*parsed, "jwks_uri");
  if (!uri) return std::unexpected("the discovery document has no jwks_uri");
  if (!origin_of(*uri) || origin_of(*uri) != origin_of(issuer)) {
    return std::unexpected(fmt::format("jwks_uri \"{}\" is not on the issuer's own host", *uri));
  }
  return std::string(*uri);
}

std::optional<Milliseconds> max_age_of(std::string_view cache_control) {
  constexpr std::string_view name = "max-age=";
  while (!cache_control.empty()) {
    const std::size_t comma = std::min(cache_control.find(','), cache_control.size());
    std::string_view directive = cache_control.substr(0, comma);
    cache_control.remove_prefix(std::min(comma + 1, cache_control.size()));
    directive.remove_prefix(std::min(directive.find_first_not_of(" \t"), directive.size()));
    directive = directive.substr(0, directive.find_last_not_of(" \t") + 1);
    if (!http::equal_ignoring_case(directive.substr(0, name.size()), name)) continue;
    const std::string_view digits = directive.substr(name.size());
    std::int64_t seconds = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    if (error != std::errc() || end != digits.data() + digits.size() || seconds < 0 ||
        seconds > 1'000'000'000) {
      return std::nullopt;
    }
    return Milliseconds(seconds * 1000);
  }
  return std::nullopt;
}

}  // namespace imp::trust
