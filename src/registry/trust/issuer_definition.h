#pragma once

#include <boost/json/object.hpp>

#include "base/failure.h"
#include "registry/trust/issuer.h"

namespace imp::trust {

// What an operator says of an issuer, as JSON. Pure.

/// Reads what an operator asks for: {"id", "kind", "url", "algorithms", "max_age", "max_lifetime",
/// "keys", "keys_url", "tenant_claim", "single_tenant", "self_hosted_runners", "private_addresses",
/// "default"}; ages in seconds. All but the first three may be left out. Unknown members are
/// refused; TrustRefusal::invalid_issuer says what is wrong.
Result<Issuer> parse_issuer(const boost::json::object& request);
/// The same of a definition that was added before some of these rules.
Result<Issuer> stored_issuer(const boost::json::object& definition);
/// The same members, with "frozen" and "built_in".
boost::json::object issuer_json(const Issuer& issuer);

}  // namespace imp::trust
