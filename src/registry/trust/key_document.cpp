#include "registry/trust/key_document.h"

#include <boost/json.hpp>
#include <charconv>

#include "jose/strict_json.h"
#include "registry/trust/circleci_claims.h"

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
  constexpr std::string_view directive = "max-age=";
  const std::size_t at = cache_control.find(directive);
  if (at == std::string_view::npos) return std::nullopt;
  // "s-maxage" and the like end in other letters, but "x-max-age=" would match.
  if (at > 0 && cache_control[at - 1] != ' ' && cache_control[at - 1] != ',') return std::nullopt;
  const std::string_view digits = cache_control.substr(at + directive.size());
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (error != std::errc() || seconds < 0 || seconds > 1'000'000'000) return std::nullopt;
  return Milliseconds(seconds * 1000);
}

}  // namespace imp::trust
