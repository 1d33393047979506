#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "crypto/keys.h"

namespace imp::jose {

/// Signs claims as a JWT in the JWS compact serialization (RFC 7515 §7.1), with the header
/// {"alg": that of the key's kind, "kid": key_id, "typ": "JWT"}. The claims are taken as they are.
std::string sign(const boost::json::object& claims, const crypto::PrivateKey& key,
                 std::string_view key_id);

}  // namespace imp::jose
