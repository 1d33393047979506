// What an operator sends to add an issuer, which is also what the table keeps of it.

#include <boost/json.hpp>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "jose/strict_json.h"
#include "registry/trust/issuer_definition.h"

namespace {

using namespace imp::trust;

boost::json::object definition_of(const Issuer& issuer) {
  boost::json::object definition = issuer_json(issuer);
  definition.erase("frozen");
  definition.erase("built_in");
  return definition;
}

/// What is taken reads back as itself, is found by its address and by no other, and is within the
/// bounds that the exchange relies on.
void check(const Issuer& issuer) {
  const boost::json::object definition = definition_of(issuer);
  const auto again = parse_issuer(definition);
  if (!again || definition_of(*again) != definition) std::abort();
  if (issuer.algorithms.empty() || issuer.frozen || issuer.built_in) std::abort();
  for (const auto age : {issuer.max_age, issuer.max_lifetime}) {
    if (age < std::chrono::seconds(10) || age > std::chrono::hours(24)) std::abort();
  }
  if (issuer.pinned_keys && issuer.pinned_keys->empty()) std::abort();
  const Issuers issuers({issuer});
  const auto found = issuers.find(issuer.base_url);
  if (!found || found->issuer->id != issuer.id || found->url != issuer.base_url) std::abort();
  for (const std::string& other : {issuer.base_url + "/", " " + issuer.base_url,
                                   issuer.base_url + "x", issuer.base_url + "?"}) {
    if (issuers.find(other)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = imp::jose::parse_strict_object(text, {});
  if (!document) return 0;
  if (const auto issuer = parse_issuer(*document)) check(*issuer);
  return 0;
}
