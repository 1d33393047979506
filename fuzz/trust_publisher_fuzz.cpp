#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "jose/strict_json.h"
#include "registry/trust/key_document.h"
#include "registry/trust/providers/circleci/circleci.h"
#include "registry/trust/providers/provider.h"
#include "registry/trust/publisher.h"
#include "registry/trust/ref_pattern.h"

namespace {

using namespace imp::trust;

/// An issuer of each provider.
const Issuers& issuers() {
  static const Issuers all = [] {
    std::vector<Issuer> rows;
    for (const Provider* provider : providers()) {
      Issuer issuer(*provider);
      issuer.id = provider->type;
      issuer.base_url =
          rows.empty() ? "https://ci.example" : fmt::format("https://{}.example", provider->type);
      if (provider->is_open()) issuer.tenant_claim = "tenant";
      rows.push_back(std::move(issuer));
    }
    return Issuers(std::move(rows));
  }();
  return all;
}

/// A configuration that is taken reads back as itself; CircleCI's claims satisfy themselves (other
/// providers' tokens have more in a claim than a publisher requires of it).
void configure(const boost::json::object& document) {
  const auto request = PublisherRequest::parse(
      document, issuers(),
      [](const Provider& provider, const std::string&) { return std::string(provider.type); });
  if (!request) return;
  const Provider& provider = *request->claims.provider();
  const boost::json::object claims = request->claims.to_json();
  if (RequiredClaims::parse(provider, claims).value() != request->claims) std::abort();
  if (&provider == &circleci() && !compare(request->claims, claims).agreed()) std::abort();
  (void)compare(request->claims, document);
  if (Permissions::parse_stored(request->permissions.stored()) != request->permissions)
    std::abort();
  if (request->permissions == Permissions{}) std::abort();
}

/// Whatever a token claims: no comparison agrees with a publisher that expects nothing, and a rerun
/// is refused unless it is said not to be one.
void claim(const boost::json::object& document) {
  for (const Provider* provider : providers()) {
    if (compare(RequiredClaims(provider), document).agreed()) std::abort();
    (void)provider->check(document, std::nullopt);
  }
  const bool allowed = circleci().check(document, std::nullopt).has_value();
  const boost::json::value* rerun = document.if_contains("oidc.circleci.com/ssh-rerun");
  if (allowed && (!rerun || !rerun->is_bool() || rerun->as_bool())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto document = imp::jose::parse_strict_object(text, {})) {
    configure(*document);
    claim(*document);
  }
  if (const auto uri = jwks_uri_of(text, "https://ci.example")) {
    if (!uri->starts_with("https://ci.example")) std::abort();
    if (origin_of(*uri) != "https://ci.example") std::abort();
  }
  if (const auto age = max_age_of(text); age && age->count() < 0) std::abort();
  if (const auto match = issuers().find(text)) {
    if (match->url != text || !text.starts_with(match->issuer->base_url)) std::abort();
  }
  // Half of the text as a pattern, half as a ref.
  const std::string_view pattern = text.substr(0, text.size() / 2);
  const std::string_view ref = text.substr(text.size() / 2);
  if (const auto version = version_in(pattern, ref); version && !ref.contains(*version)) {
    std::abort();
  }
  return 0;
}
