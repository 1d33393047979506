#include "jose/jwk.h"

#include <boost/json/serialize.hpp>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace imp::jose {

// RFC 7638 §3.3 hashes the members in the lexicographic order of their names, without white space:
// the order in which they are inserted here.
boost::json::object required_members(const crypto::PublicKey& key) {
  const auto parts = key.components();
  switch (key.kind()) {
    case crypto::KeyKind::rsa:
      return {{"e", base64url(parts.e)}, {"kty", "RSA"}, {"n", base64url(parts.n)}};
    case crypto::KeyKind::p256:
      return {
          {"crv", "P-256"}, {"kty", "EC"}, {"x", base64url(parts.x)}, {"y", base64url(parts.y)}};
    case crypto::KeyKind::ed25519:
      return {{"crv", "Ed25519"}, {"kty", "OKP"}, {"x", base64url(parts.x)}};
  }
  return {};
}

std::string thumbprint(const crypto::PublicKey& key) {
  const std::string members = boost::json::serialize(required_members(key));
  return base64url(crypto::sha256(bytes_of(members)));
}

boost::json::object to_jwk(const crypto::PublicKey& key, std::string_view key_id) {
  boost::json::object jwk = required_members(key);
  jwk["kid"] = key_id;
  jwk["alg"] = name(algorithm_of(key.kind()));
  jwk["use"] = "sig";
  return jwk;
}

}  // namespace imp::jose
