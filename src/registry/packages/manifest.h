#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/packages/access.h"
#include "registry/packages/package_name.h"

namespace imp::registry {

/// What the registry itself found out about a tarball; it goes to `dist` and the derived flags.
struct TarballFacts {
  std::string sha512;     ///< 128 hexadecimal digits: the blob's name
  std::string shasum;     ///< SHA-1, 40 hexadecimal digits
  std::string integrity;  ///< "sha512-…" (Subresource Integrity)
  std::uint64_t size = 0;
  std::uint64_t file_count = 0;
  std::uint64_t unpacked_size = 0;
  bool has_install_script = false;
  bool has_shrinkwrap = false;
};

/// A manifest as the client sent it, without what a client has no say in.
struct CleanManifest {
  /// No `dist`, no `readme`, no `deprecated`, `maintainers`, `signatures`, `attestations`,
  /// `hasInstallScript` or `_attachments`, and none of the underscore keys but `_id`,
  /// `_nodeVersion` and `_npmVersion`.
  boost::json::object manifest;
  std::string readme;  ///< at most 64 KiB, cut at a character
  std::string readme_filename;
};
CleanManifest clean_manifest(const boost::json::object& sent, const PackageName& name,
                             std::string_view version);

/// The subset that installers need (media type application/vnd.npm.install-v1+json), without `dist`
/// and `deprecated`, which are added when a packument is built.
boost::json::object abbreviate(const boost::json::object& manifest, const TarballFacts& facts);

/// What a packument repeats at its top from the version tagged `latest`: description, author,
/// contributors, repository, bugs, homepage, license, keywords.
boost::json::object hoisted(const boost::json::object& manifest);

/// One entry of `dist.signatures`.
struct DistSignature {
  std::string keyid;
  std::string signature;  ///< base64 of the DER form
};
/// `dist` without `tarball`, which is added when a packument is built.
boost::json::object dist(const TarballFacts& facts, const DistSignature& signature);

/// Who published a version: what `_npmUser` says of it.
struct Publisher {
  Person person;  ///< for trusted publishing the machine's name, e.g. "CircleCI"
  /// The trusted publisher's identity: kind of issuer and the configuration's id.
  struct Trusted {
    std::string id;         ///< "circleci", "github", …
    std::string config_id;  ///< "oidc:<uuid>"
    bool operator==(const Trusted&) const = default;
  };
  std::optional<Trusted> trusted;
  std::optional<Person> approver;  ///< who approved the staged version
  bool operator==(const Publisher&) const = default;
};
/// {"name","email","trustedPublisher":{"id","oidcConfigId"},"approver":{"name","email"}}
boost::json::object npm_user(const Publisher& publisher);
/// [{"name","email"},…]
boost::json::array people(const std::vector<Person>& persons);

}  // namespace imp::registry
