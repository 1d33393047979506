#pragma once

#include <boost/json/object.hpp>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "blobs/store.h"
#include "db/database.h"
#include "registry/provenance/ci_identity.h"
#include "registry/review/manifest_changes.h"
#include "registry/review/tarball_review.h"
#include "registry/staging/origin_changes.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {

/// The release that a staged one is compared with.
struct PreviousRelease {
  std::string version;
  std::string sha512;
  std::uint64_t size = 0;
  boost::json::object manifest;
  boost::json::object npm_user;          ///< who published it
  std::vector<std::string> maintainers;  ///< as they were then
  CiIdentity identity;  ///< that published it, as it was attested; empty when it is not known
  std::optional<BundleJudgement> bundle;  ///< of the provenance that came with it
};

/// What somebody should look at before they approve: the release against the last one.
struct ReleaseReview {
  StagedRelease release;
  std::optional<PreviousRelease> previous;
  std::vector<std::string> maintainers;   ///< now
  std::optional<BundleJudgement> bundle;  ///< of the provenance that came with the release
  std::vector<OriginChange> origin;       ///< since the previous one
  std::vector<ManifestChange> manifest;
  /// Null when a tarball could not be compared; the notes say why.
  std::shared_ptr<const TarballReview> tarball;
  StagePolicy policy;                  ///< that binds it; set by whoever knows, with what follows
  std::int64_t needed = 1;             ///< so many approvals
  std::string group_name;              ///< of the policy's group
  std::vector<std::string> approvers;  ///< who approved it so far
  /// What is unusual about the release itself, sentences.
  std::vector<std::string> warnings;
  /// What this review does not show, sentences.
  std::vector<std::string> notes;

  /// What the policy asks for, and more where it does: "1 approval, by somebody else than …".
  std::string needs() const;
  boost::json::object to_json() const;
  /// For a terminal: the same in lines of text, differences in unified form.
  std::string to_text() const;
};

/// Makes reviews, of which at most a few at a time are computed, hashing the tarball included; the
/// last ones are kept by what the tarballs are named, which is their content, since a page is
/// looked at more than once. Thread-safe.
class Reviews {
 public:
  Reviews(db::Database& database, blobs::Store& blobs, ReviewLimits limits = {})
      : database_(database), blobs_(blobs), limits_(limits) {}

  /// Whoever asks must be allowed to decide it. `tarball_changed` when the stored bytes are not the
  /// staged ones, which is not asked again for what is kept (approval does); `review_busy` when too
  /// many are being computed.
  Result<ReleaseReview> of(const StagedRelease& release);

 private:
  using Compared = std::shared_ptr<const TarballReview>;
  struct Kept {
    std::string key;
    Compared review;
  };
  Result<Compared> compare(const std::optional<PreviousRelease>& previous,
                           const PublishCandidate& candidate);
  Compared kept(const std::string& key);
  void keep(const std::string& key, const Compared& review);

  db::Database& database_;
  blobs::Store& blobs_;
  ReviewLimits limits_;
  std::mutex mutex_;
  std::list<Kept> kept_;  ///< last used first
  int running_ = 0;
};

}  // namespace imp::registry
