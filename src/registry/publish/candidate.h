#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/failure.h"
#include "registry/packages/manifest.h"
#include "registry/publish/publish_decoder.h"
#include "registry/publish/tarball_inspector.h"

namespace imp::registry {

/// A version that passed every check that does not need the registry's state: ready to be
/// committed, or to be kept by a staged release.
struct PublishCandidate {
  std::string name;
  std::string version;
  std::string tag;               ///< the dist-tag it is published under
  std::optional<Access> access;  ///< as asked for; nothing leaves it as it is
  CleanManifest clean;
  TarballFacts tarball;
  std::string provenance;  ///< the sigstore bundle, or empty

  PackageName package() const;
};

/// The text a staged release keeps, and back.
std::string to_json(const PublishCandidate& candidate);
Result<PublishCandidate> candidate_from_json(std::string_view text);

/// Checks a publish document against its address, itself and its tarball. Each rule has its own
/// refusal.
Result<PublishCandidate> make_candidate(const PackageName& addressed,
                                        const PublishDocument& document,
                                        const TarballContents& contents);

}  // namespace imp::registry
