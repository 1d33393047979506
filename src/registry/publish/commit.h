#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "db/database.h"
#include "registry/packages/access.h"
#include "registry/packages/publish_switches.h"
#include "registry/packages/registry_key.h"
#include "registry/packages/store.h"
#include "registry/publish/candidate.h"

namespace imp::registry {

/// On whose behalf, and within which limits, a version is published.
struct PublishOrder {
  Caller caller;        ///< whose right to write is checked, in the same transaction
  Publisher publisher;  ///< what `_npmUser` will say
  /// The organisation with the name of the package's scope; it will own a new package.
  std::optional<std::string> scope_owner;
  /// Who maintains the package if it is new; nobody named means the publishing person. Trusted
  /// publishing names the person who prepared it.
  std::vector<Person> first_maintainers;
  bool may_create = true;  ///< false: a new name is refused as if it were absent
  /// Whether the person gave a second factor for this very publish: what a switch of the package
  /// may insist on (publish_switches.h). Of no account for trusted publishers.
  bool factor_given = true;
  bool may_change_access = true;  ///< false for exchanged tokens: `access` cannot change a package
  /// Whether the same publish may be the client's own repetition of one that got no answer; false
  /// once it was answered.
  bool may_be_retry = true;
  /// Called in the transaction when the package was just created, before its first version.
  std::function<void(db::Session&, const Package&)> on_created;
  /// The staged release that reserved the version; empty for a direct publish.
  std::string stage_id;
};

struct Published {
  Package package;
  bool created = false;   ///< the package is new
  bool repeated = false;  ///< the same publish was committed a moment ago; nothing was changed
};

/// How long after a publish the same one, sent again, is taken for the client's retry.
inline constexpr Milliseconds kRetryWindow{10 * 60 * 1000};
/// How long a name stays closed after all its versions were unpublished.
inline constexpr Milliseconds kRepublishDelay{24 * 60 * 60 * 1000};

/// Whether the caller may publish to this name at all: what publish() and stage() ask first, for
/// telling before a tarball is taken.
Result<void> may_publish(db::Session& session, const PackageName& name, const PublishOrder& order,
                         Time now);

/// Whether publish() would take this for a repetition, and succeed without changing anything.
bool is_repetition(db::Session& session, const PublishCandidate& candidate,
                   const PublishOrder& order, Time now);

/// Makes a version public. Call inside one write transaction; after it is durable, invalidate the
/// package's cached packument with `package.revision`. A version number that was published,
/// unpublished or staged before is refused, except the very same publish by the same publisher
/// within kRetryWindow, which succeeds again.
Result<Published> publish(db::Session& session, const PublishCandidate& candidate,
                          const PublishOrder& order, const RegistryKey& key, Time now);

/// Reserves a version for a staged release; the package is created, without versions, when it is
/// new and may be. The same rules for numbers as publish().
Result<Package> stage(db::Session& session, const PublishCandidate& candidate,
                      const PublishOrder& order, Time now);
/// Gives a reserved version back. Harmless when it is no longer reserved by this release.
void unstage(db::Session& session, std::string_view package_name, std::string_view version,
             std::string_view stage_id);

}  // namespace imp::registry
