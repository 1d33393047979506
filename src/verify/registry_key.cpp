#include "verify/registry_key.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "verify/registry.h"

namespace imp::verify {

namespace {

std::string key_id(const crypto::PublicKey& key) {
  std::string fingerprint = base64(crypto::sha256(key.spki_der()));
  while (fingerprint.ends_with('=')) fingerprint.pop_back();
  return "SHA256:" + fingerprint;
}

}  // namespace

std::vector<RegistryPublicKey> registry_keys(const boost::json::object& document) {
  std::vector<RegistryPublicKey> keys;
  const auto* list = array_member(document, "keys");
  if (list == nullptr) return keys;
  for (const boost::json::value& one : *list) {
    const auto* object = one.if_object();
    if (object == nullptr) continue;
    const auto der = from_base64(text_member(*object, "key"));
    if (!der) continue;
    auto key = crypto::PublicKey::from_spki(*der);
    if (!key || key->kind() != crypto::KeyKind::p256) continue;
    if (text_member(*object, "keyid") != key_id(*key)) continue;
    keys.push_back({key_id(*key), std::move(*key), text_member(*object, "expires")});
  }
  return keys;
}

const RegistryPublicKey* key_of(const std::vector<RegistryPublicKey>& keys,
                                std::string_view keyid) {
  const auto found = std::ranges::find(keys, keyid, &RegistryPublicKey::keyid);
  return found == keys.end() ? nullptr : &*found;
}

}  // namespace imp::verify
