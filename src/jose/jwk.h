#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "crypto/keys.h"
#include "jose/algorithm.h"

namespace imp::jose {

/// The public members that RFC 7638 hashes: kty and n, e / crv, x, y / crv, x.
boost::json::object required_members(const crypto::PublicKey& key);

/// The JWK thumbprint (RFC 7638) with SHA-256, base64url: the `kid` of our own keys.
std::string thumbprint(const crypto::PublicKey& key);

/// A public JWK (RFC 7517 §4) with `kid`, `alg` and `use: sig`, for publishing.
boost::json::object to_jwk(const crypto::PublicKey& key, std::string_view key_id);

}  // namespace imp::jose
