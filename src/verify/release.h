#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/keys.h"
#include "registry/packages/package_name.h"
#include "verify/registry.h"
#include "verify/report.h"

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

/// A version as the registry shows it, and what was found out about it.
struct Release {
  registry::PackageName name;
  std::string version;
  boost::json::object manifest;
  std::string integrity;  ///< `dist.integrity`, once the tarball agreed with it
  std::string sha512;     ///< of the tarball, in hexadecimal digits
  bool trusted = false;   ///< the packument says that a trusted publisher published it
};

/// "manifest" and "tarball": the registry has the version, and its tarball is the one of
/// `dist.integrity`. Nothing when there is no use in going on.
std::optional<Release> check_release(const Registry& registry, const registry::PackageName& name,
                                     const std::string& version, Report& report);

/// "signature": one of the keys signed name, version and integrity. A signature by a key that is
/// there and that does not hold fails, beside whatever others.
void check_signature(const Registry& registry, const Release& release,
                     const std::vector<RegistryPublicKey>& keys, Report& report);

}  // namespace imp::verify
