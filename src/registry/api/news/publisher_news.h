#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "audit/record.h"
#include "base/clock.h"
#include "db/database.h"
#include "registry/packages/store.h"
#include "registry/trust/exchange.h"
#include "registry/trust/issuer.h"
#include "registry/trust/publisher.h"
#include "registry/trust/publisher_end.h"

namespace imp::registry {

// Who is told what happens to trusted publishers. Each call belongs into the transaction of what it
// tells.

/// Tells the webhooks of the package, or of the scope, that a publisher hangs on; nobody of one
/// that waits for a package: what a person prepares is theirs alone. `data` is the event's data but
/// for `publisher` (news/hook_events.h).
void tell_publisher_hooks(db::Session& session, const trust::Issuers& issuers,
                          const trust::TrustedPublisher& publisher, std::string_view type,
                          boost::json::object data, Time now);

/// What happens to a publisher in the wake of something else: what the audit log and mail call it,
/// and what webhooks do.
struct PublisherNews {
  std::string_view action, event;
};
inline constexpr PublisherNews kPublisherAdopted{"trust.publisher_adopt", "publisher.adopted"};
inline constexpr PublisherNews kPublisherLearnt{"trust.publisher_learnt", "publisher.learnt"};
inline constexpr PublisherNews kPublisherEnding{"trust.publisher_ending", "publisher.ending"};
inline constexpr PublisherNews kPublisherLeft{"trust.publisher_left", "publisher.ending"};
inline constexpr PublisherNews kPublisherEnded{"trust.publisher_end", "publisher.ended"};

/// Records it in the audit log, and tells it to those who govern and to who made the publisher, by
/// mail, and to webhooks. `record` says by whom and when, and in its detail what is particular to
/// these news; action, subject and the rest are filled in. `data` is what webhooks are told beside
/// `publisher` and `by`.
void record_publisher_news(db::Session& session, const trust::Issuers& issuers,
                           const PublisherNews& news, const trust::TrustedPublisher& publisher,
                           audit::Record record, boost::json::object data = {});

/// The same for one that ends soon (TrustedPublisher::end()): because nothing was published with
/// it, or because whoever made it has left and nobody has kept it yet.
void record_publisher_ending(db::Session& session, const trust::Issuers& issuers,
                             const trust::TrustedPublisher& publisher, audit::Record record);

/// The same for an end, whatever ended it. Needs what the publisher was, not that it is still
/// there.
void record_publisher_end(db::Session& session, const trust::Issuers& issuers,
                          const trust::TrustedPublisher& publisher, trust::EndReason reason,
                          audit::Record record);

/// Tells those who govern the package, by mail, that a person published a version of it past its
/// trusted publishers, when one of these is in use (its own, or the scope's): a stolen token looks
/// like that, and so does a habit that "trusted publishing only" would end. `published` is the
/// record of the publish.
void tell_of_publish_past_publishers(db::Session& session, const Package& package,
                                     const std::string& version, const audit::Record& published);

/// record_publisher_news() for identifiers that a publisher has learnt in an exchange. `issuers`
/// must outlive it.
trust::OnLearnt tell_of_learning(const trust::Issuers& issuers);

}  // namespace imp::registry
