#pragma once

#include <boost/json/object.hpp>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "db/database.h"
#include "registry/packages/store.h"

namespace imp::registry {

/// The events that webhooks may be told:
///   release.staged, release.approved (by one more person), release.published (the approved bytes
///   are public), release.rejected, release.withdrawn, release.expired: npm's item of the release,
///   with its `status` once it ended;
///   version.published: a version is public, by whatever way: version, tag, integrity, publishedBy;
///   publisher.added, publisher.changed (its permissions), publisher.removed, publisher.adopted (it
///   waited for the package, which is there now), publisher.learnt (`learnt`: the identifiers
///   behind its names, which it requires from now on), publisher.ending (with `reason`: nothing was
///   published with it and its time is nearly over, or whoever made it has left and nobody has kept
///   it), publisher.kept (`by` whom, who answers for it from now on), publisher.ended (with
///   `reason`): the trusted publisher, and by whom.
/// Each has `package`; those of a scope's own publishers have `scope` instead.
std::span<const std::string_view> hook_events();

/// Tells the webhooks of the package and of the organisation that owns it, as part of the caller's
/// write transaction: what is rolled back is told to nobody. A webhook whose author may not govern
/// the package (or organisation) any more, or for which too much waits, is paused instead, with an
/// audit record. Packages without webhooks cost a look-up, or two. `data` is the event's data but
/// for `package`.
void tell_hooks(db::Session& session, const Package& package, std::string_view type,
                boost::json::object data, Time now);
/// The same by the package's name; nobody is told when there is none of that name.
void tell_hooks(db::Session& session, std::string_view package_name, std::string_view type,
                boost::json::object data, Time now);

/// The same for what concerns a whole scope: tells the webhooks of its organisation. `data` is the
/// event's data but for `scope`.
void tell_scope_hooks(db::Session& session, std::string_view organization_id, std::string_view type,
                      boost::json::object data, Time now);

}  // namespace imp::registry
