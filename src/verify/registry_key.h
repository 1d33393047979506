#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/keys.h"

namespace imp::verify {

/// A key of the registry, as `GET /-/npm/v1/keys` lists it.
struct RegistryPublicKey {
  std::string keyid;
  crypto::PublicKey key;
  std::string expires;  ///< RFC 3339; empty: it is in use
};
/// Those of a document that can be read; the key id must be the key's fingerprint.
std::vector<RegistryPublicKey> registry_keys(const boost::json::object& document);
const RegistryPublicKey* key_of(const std::vector<RegistryPublicKey>& keys, std::string_view keyid);

}  // namespace imp::verify
