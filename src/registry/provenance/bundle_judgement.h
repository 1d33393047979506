#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.h"
#include "db/database.h"
#include "registry/packages/package_name.h"
#include "registry/provenance/ci_identity.h"
#include "sigstore/verify_bundle.h"

namespace imp::registry {

/// What is known of the Sigstore bundle that came with a version. Nothing in it may be shown as
/// true unless `verified`.
struct BundleJudgement {
  bool verified = false;
  std::string reason;  ///< why it is not verified; empty when it is
  std::string predicate_type;
  sigstore::SignerIdentity signer;       ///< as its certificate says
  std::vector<std::string> not_checked;  ///< VerifiedBundle::not_checked

  boost::json::object to_json() const;
  static BundleJudgement from_json(const boost::json::object& kept);
};

/// The tarball that a bundle must be about.
struct BundleSubject {
  PackageName name;
  std::string version;
  std::string sha512;  ///< hexadecimal digits
};

/// Judges a bundle. Refused is one that cannot be read, one that is about something else or of a
/// predicate type that the registry attests itself, one that does not hold against `root`, and,
/// when the version is uploaded under a CI identity, one whose certificate names another issuer,
/// repository, commit or workflow than that identity. Without a root (null) nothing can be
/// verified, and the judgement says so.
Result<BundleJudgement> judge_bundle(std::string_view bundle, const BundleSubject& subject,
                                     const sigstore::TrustedRoot* root,
                                     const std::optional<CiIdentity>& identity);

/// Kept with the version when it is published.
void keep_judgement(db::Session& session, std::string_view package_id, std::string_view version,
                    const BundleJudgement& judgement);
std::optional<BundleJudgement> judgement_of(db::Session& session, std::string_view package_id,
                                            std::string_view version);
std::map<std::string, BundleJudgement> judgements_of(db::Session& session,
                                                     std::string_view package_id);

/// Kept with a staged release, for those who look at it; it goes when the release goes.
void keep_staged_judgement(db::Session& session, std::string_view stage_id,
                           const BundleJudgement& judgement);
std::optional<BundleJudgement> staged_judgement(db::Session& session, std::string_view stage_id);

}  // namespace imp::registry
