#include "jose/token.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value.hpp>
#include <optional>

#include "jose/claim_reading.h"
#include "jose/strict_json.h"

namespace imp::jose {

namespace {

namespace json = boost::json;

struct Segments {
  std::string_view header, payload, signature;
};

std::optional<Segments> split(std::string_view compact) {
  const std::size_t first = compact.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = compact.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  if (compact.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Segments{compact.substr(0, first), compact.substr(first + 1, second - first - 1),
                  compact.substr(second + 1)};
}

Result<json::object> decode(std::string_view segment, std::string_view which) {
  const auto bytes = from_base64url(segment);
  if (!bytes) {
    return refuse(
        TokenRefusal::malformed,
        fmt::format("The token's {} is not base64url without padding (RFC 7515 §2).", which));
  }
  // A token has some fifty small values that come and go together.
  auto object = parse_strict_object(text_of(*bytes), JsonLimits{},
                                    json::make_shared_resource<json::monotonic_resource>());
  if (!object) {
    return refuse(TokenRefusal::malformed,
                  fmt::format("The token's {} cannot be read: {}.", which, object.error()));
  }
  return std::move(*object);
}

constexpr std::array<std::string_view, 8> kRefusedMembers = {"jwk",  "jku", "x5u", "x5c",
                                                             "crit", "b64", "zip", "cty"};

bool equals_ignoring_case(std::string_view text, std::string_view upper) {
  return std::ranges::equal(text, upper, [](char a, char b) {
    return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
  });
}

Result<Algorithm> read_algorithm(const json::object& header) {
  const json::value* alg = header.if_contains("alg");
  const json::string* text = alg ? alg->if_string() : nullptr;
  const auto algorithm = text ? algorithm_named(*text) : std::nullopt;
  if (!algorithm) {
    return refuse(TokenRefusal::algorithm_not_allowed,
                  "The token's header must have \"alg\" RS256, ES256 or EdDSA.",
                  alg ? clipped(*alg) : "alg is absent");
  }
  return *algorithm;
}

Result<std::string> read_key_id(const json::object& header) {
  const json::value* kid = header.if_contains("kid");
  const json::string* text = kid ? kid->if_string() : nullptr;
  if (!text || text->empty() || text->size() > kMaxKeyIdBytes) {
    return refuse(TokenRefusal::header_not_allowed,
                  fmt::format("The token's header must have a \"kid\" of 1 to {} bytes that names "
                              "the key it is signed with.",
                              kMaxKeyIdBytes));
  }
  return std::string(*text);
}

Result<void> check_members(const json::object& header) {
  for (const std::string_view member : kRefusedMembers) {
    if (header.contains(member)) {
      return refuse(TokenRefusal::header_not_allowed,
                    fmt::format("The token's header must not have \"{}\".", member));
    }
  }
  if (const json::value* typ = header.if_contains("typ")) {
    const json::string* text = typ->if_string();
    if (!text || !equals_ignoring_case(*text, "JWT")) {
      return refuse(TokenRefusal::header_not_allowed,
                    "The token's header has a \"typ\" other than \"JWT\": it is another kind of "
                    "token.",
                    clipped(*typ));
    }
  }
  return {};
}

}  // namespace

Result<Token> parse_token(std::string_view compact) {
  if (compact.size() > kMaxTokenBytes) {
    return refuse(TokenRefusal::too_large,
                  fmt::format("The token is longer than {} bytes.", kMaxTokenBytes));
  }
  const auto segments = split(compact);
  if (!segments) {
    return refuse(TokenRefusal::malformed,
                  "The token does not have exactly three segments separated by dots.");
  }
  const auto header = decode(segments->header, "header");
  if (!header) return pass_on(header);
  const auto algorithm = read_algorithm(*header);
  if (!algorithm) return pass_on(algorithm);
  if (auto allowed = check_members(*header); !allowed) return pass_on(allowed);
  auto key_id = read_key_id(*header);
  if (!key_id) return pass_on(key_id);
  auto payload = decode(segments->payload, "payload");
  if (!payload) return pass_on(payload);
  auto signature = from_base64url(segments->signature);
  if (!signature || signature->empty()) {
    return refuse(TokenRefusal::malformed,
                  "The token's signature is empty or is not base64url without padding.");
  }
  return Token{
      .algorithm = *algorithm,
      .key_id = std::move(*key_id),
      .has_certificate_thumbprint = header->contains("x5t") || header->contains("x5t#S256"),
      .unverified_payload = std::move(*payload),
      .signing_input =
          std::string(compact.substr(0, segments->header.size() + 1 + segments->payload.size())),
      .signature = std::move(*signature)};
}

Result<std::string_view> unverified_issuer(const Token& token) {
  const json::value* iss = token.unverified_payload.if_contains("iss");
  if (!iss) return refuse(TokenRefusal::missing_claim, "The token has no \"iss\" claim.");
  const json::string* text = iss->if_string();
  if (!text) return refuse(TokenRefusal::claim_type, "The token's \"iss\" must be a string.");
  return std::string_view(*text);
}

}  // namespace imp::jose
