#include <boost/json.hpp>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "jose/strict_json.h"
#include "registry/trust/circleci.h"
#include "registry/trust/key_document.h"
#include "registry/trust/publisher.h"

namespace {

using namespace imp::trust;

Issuers issuers() {
  Issuer circleci;
  circleci.id = "circleci";
  circleci.base_url = "https://ci.example";
  return Issuers({circleci});
}

/// A configuration that is taken reads back as itself, and its own claims satisfy it.
void configure(const boost::json::object& document) {
  const auto request =
      PublisherRequest::parse(document, issuers(), [](const std::string&) { return "circleci"; });
  if (!request) return;
  const boost::json::object claims = request->claims.to_json();
  if (RequiredClaims::parse(circleci(), claims).value() != request->claims) std::abort();
  if (!compare(request->claims, claims).agreed()) std::abort();
  if (Permissions::parse_stored(request->permissions.stored()) != request->permissions)
    std::abort();
  if (request->permissions == Permissions{}) std::abort();
}

/// Whatever a token claims: no comparison agrees with a publisher that expects nothing, and a rerun
/// is refused unless it is said not to be one.
void claim(const boost::json::object& document) {
  if (compare(RequiredClaims(&circleci()), document).agreed()) std::abort();
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
    if (match->url != text || !text.starts_with("https://ci.example")) std::abort();
  }
  return 0;
}
