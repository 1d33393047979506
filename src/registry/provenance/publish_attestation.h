#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "registry/packages/package_name.h"
#include "registry/packages/registry_key.h"
#include "registry/provenance/attestations.h"
#include "registry/provenance/ci_identity.h"
#include "tlog/merkle.h"

namespace imp::registry {

/// The predicate of npm's publish attestation: {"name", "version", "registry"}.
inline constexpr std::string_view kPublishPredicate =
    "https://github.com/npm/attestation/tree/main/specs/publish/v0.1";
/// The predicate of ours; its members are in docs/guide/provenance.md.
inline constexpr std::string_view kTrustedPublishPredicate = "urn:imprimatur:trusted-publish:v1";

/// A version that became public under a CI identity.
struct TrustedPublish {
  PackageName name;
  std::string version;
  std::string sha512;    ///< of the tarball, in hexadecimal digits
  std::string registry;  ///< its public URL
  Time at;
  CiIdentity identity;
  std::optional<std::string> stage_id;  ///< of the release that was approved; nothing: direct
  std::vector<std::string> approvers;   ///< user names
  /// The record of the publish in the audit log: it is committed to, and not shown.
  std::int64_t record = 0;
  tlog::Hash record_leaf{};
};

/// The predicate of kTrustedPublishPredicate. Whoever may read the package reads it, so it does not
/// name the person who started the run; the audit log does.
boost::json::object trusted_publish_predicate(const TrustedPublish& publish);

/// Both attestations, each an in-toto statement about the tarball in a DSSE envelope that is signed
/// with the key of `dist.signatures`, in the form of a Sigstore bundle (v0.3) without entries of a
/// public transparency log. The statements are the same bytes whenever they are made of the same.
std::vector<Attestation> publish_attestations(const TrustedPublish& publish,
                                              const RegistryKey& key);

/// What the registry attested of the identity behind a version; empty when it attested nothing.
CiIdentity attested_identity(db::Session& session, std::string_view package_id,
                             std::string_view version);

}  // namespace imp::registry
