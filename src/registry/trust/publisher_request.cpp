#include <boost/json.hpp>

#include "registry/trust/providers/provider.h"
#include "registry/trust/publisher.h"
#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

std::unexpected<Failure> invalid(std::string message) {
  return refuse(TrustRefusal::invalid_publisher,
                "Invalid trusted publisher configuration: " + std::move(message));
}

/// The id of an issuer that speaks the provider's claims, by its id or base URL.
Result<std::string> issuer_named(std::string_view url, const Provider& provider,
                                 const Issuers& issuers) {
  std::string known;
  const auto rows = issuers.all();
  for (const auto& issuer : *rows) {
    if (issuer->provider != &provider) continue;
    if (issuer->base_url == url || issuer->id == url) return issuer->id;
    known += (known.empty() ? "" : ", ") + issuer->base_url;
  }
  return invalid(
      fmt::format("issuer \"{}\" is not configured on this registry; known are {}.", url, known));
}

Result<const Provider*> provider_named(const boost::json::object& request) {
  const auto type = string_claim(request, "type");
  if (const Provider* provider = provider_of_type(type.value_or(""))) return provider;
  std::string known;
  for (const Provider* provider : providers()) {
    known += (known.empty() ? "" : ", ") + std::string(provider->type);
  }
  return invalid(fmt::format("type \"{}\" is not supported by this registry; supported is {}.",
                             type.value_or("(absent)"), known));
}

}  // namespace

Result<PublisherRequest> PublisherRequest::parse(const boost::json::value& item,
                                                 const Issuers& issuers,
                                                 const DefaultIssuer& default_issuer) {
  if (!item.is_object()) return invalid("each element of the array must be an object.");
  const boost::json::object& request = item.as_object();
  for (const auto& member : request) {
    const std::string_view key = member.key();
    if (key == "id") return invalid("id is given by the registry; leave it out.");
    if (key != "type" && key != "claims" && key != "permissions" && key != "issuer") {
      return invalid(fmt::format("there is no member \"{}\".", key));
    }
  }
  const auto provider = provider_named(request);
  if (!provider) return pass_on(provider);
  const boost::json::value* claims = request.if_contains("claims");
  if (!claims || !claims->is_object()) return invalid("claims must be an object.");
  auto parsed_claims = RequiredClaims::parse(**provider, claims->as_object());
  if (!parsed_claims) return pass_on(parsed_claims);
  const auto permissions = Permissions::parse(request.if_contains("permissions"));
  if (!permissions) return pass_on(permissions);

  PublisherRequest parsed{std::move(*parsed_claims), *permissions, {}};
  if (request.contains("issuer")) {
    auto issuer = issuer_named(string_claim(request, "issuer").value_or(""), **provider, issuers);
    if (!issuer) return pass_on(issuer);
    parsed.issuer_id = std::move(*issuer);
  } else {
    parsed.issuer_id = default_issuer(**provider, parsed.claims.tenant());
  }
  const auto issuer = issuers.by_id(parsed.issuer_id);
  if (!issuer) {
    return invalid(
        fmt::format("no issuer of kind {} is configured on this registry; an operator "
                    "adds issuers.",
                    (*provider)->type));
  }
  if (auto guarded = parsed.claims.guard(issuer->tenant_claim); !guarded) return pass_on(guarded);
  return parsed;
}

}  // namespace imp::trust
