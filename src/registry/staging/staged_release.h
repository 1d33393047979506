#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "db/database.h"
#include "registry/packages/access.h"
#include "registry/packages/registry_key.h"
#include "registry/publish/candidate.h"
#include "registry/publish/commit.h"

namespace imp::registry {

enum class StageRefusal : std::uint8_t {
  stage_not_found,   ///< no such staged release, or hidden from the caller, or decided already
  invalid_stage_id,  ///< not a UUID
  tarball_changed,   ///< the stored bytes are not the staged ones
};
Reason reason(StageRefusal refusal);

/// A version that waits for a person's approval. It exists while it is pending: approval and
/// rejection remove it.
struct StagedRelease {
  std::string id;  ///< UUID
  PublishCandidate candidate;
  Publisher publisher;           ///< who staged it: a person, or a trusted publisher's machine
  bool automation = false;       ///< staged through trusted publishing
  boost::json::object run;       ///< of the identity token when automation: pipeline, job, ref
  Access access = Access::open;  ///< the package's, or the one it will have
  Time created;

  /// The item of npm's stage API.
  boost::json::object to_json() const;
};

/// Reserves the version and keeps the candidate. In the caller's write transaction; who may stage
/// is `order`'s question (its stage_id is overwritten).
Result<StagedRelease> stage_release(db::Session& session, const PublishCandidate& candidate,
                                    PublishOrder order, const boost::json::object& run, Time now);

/// A pending release, or stage_not_found.
Result<StagedRelease> find_staged(db::Session& session, std::string_view id);
/// The same for somebody who may decide it: everybody else is told that there is none.
Result<StagedRelease> find_staged_for(db::Session& session, std::string_view id,
                                      const Caller& caller);

struct StagedPage {
  std::vector<StagedRelease> items;
  std::int64_t total = 0;
};
/// Pending releases of packages that the caller may write and `reaches` lets through (a limited
/// credential), newest first.
StagedPage staged_releases(db::Session& session, const Caller& caller,
                           const std::optional<std::string>& package_name, std::int64_t page,
                           std::int64_t per_page,
                           const std::function<bool(std::string_view package)>& reaches = {});

/// Makes the release public on the word of `approver`, who must have the right to publish. Racing
/// approvals, rejections and direct publishes of the same version are decided by the transaction:
/// exactly one wins, the others find the release gone.
Result<Published> approve_staged(db::Session& session, std::string_view id, const Caller& caller,
                                 const Person& approver, const RegistryKey& key, Time now);

/// Gives the version number back and forgets the release.
Result<StagedRelease> reject_staged(db::Session& session, std::string_view id,
                                    const Caller& caller);

/// True when a pending release refers to this blob.
bool staged_tarball_in_use(db::Session& session, std::string_view sha512);

std::vector<db::Migration> staging_migrations();

}  // namespace imp::registry
