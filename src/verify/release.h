#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "registry/packages/package_name.h"
#include "verify/registry.h"
#include "verify/registry_key.h"
#include "verify/report.h"

namespace imp::verify {

/// A version as the registry shows it, and what was found out about it.
struct Release {
  registry::PackageName name;
  std::string version;
  boost::json::object manifest;
  std::string integrity;          ///< `dist.integrity`, once the tarball agreed with it
  std::string sha512;             ///< of the tarball, in hexadecimal digits
  bool trusted = false;           ///< the registry says that a trusted publisher published it
  std::optional<Time> published;  ///< as the packument says; see when_published()
};

/// "manifest" and "tarball": the registry has the version, and its tarball is the one of
/// `dist.integrity`. Nothing when there is no use in going on.
std::optional<Release> check_release(const Registry& registry, const registry::PackageName& name,
                                     const std::string& version, Report& report);

/// When the registry says that the version was published. Nothing vouches for it, as at npm; it is
/// what the `expires` of a key is compared with.
std::optional<Time> when_published(const Registry& registry, const Release& release);
/// Whether the key had expired when the version was published: whoever has it since may sign
/// anything. A key that has an end and a version without a time count as that.
bool had_expired(const RegistryPublicKey& key, const Release& release);

/// "signature": one of the keys signed name, version and integrity. A signature by a key that is
/// there and that does not hold fails, beside whatever others.
void check_signature(const Release& release, const std::vector<RegistryPublicKey>& keys,
                     Report& report);

}  // namespace imp::verify
