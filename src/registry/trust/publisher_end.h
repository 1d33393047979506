#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "db/database.h"
#include "registry/trust/publisher.h"

namespace imp::trust {

/// Why a publisher is no more, other than that somebody removed it.
enum class EndReason {
  unused,        ///< nothing was published with it in its time
  pending_over,  ///< its package was not published in kPendingLife
  name_taken,    ///< somebody else published the package that it waited for
  maker_left,    ///< whoever made it has left the organisation of the scope
  transferred,   ///< its package was given to other people
  not_kept,      ///< whoever made it may not decide any more, and nobody kept it in kLeftLife
};
std::string_view word(EndReason reason);  ///< "unused", …: of the API and the audit log
/// The reason as a sentence's end: "was never used to publish in the time that it had".
std::string_view text(EndReason reason);

/// Ended publishers are remembered for so long: for their makers, and for saying so when an
/// exchange is refused.
inline constexpr Milliseconds kEndedKept = std::chrono::days(30);

/// One that was never used is warned of so long before its end; one that has less than twice that
/// to live, after half of its life.
inline constexpr Milliseconds kWarnedBefore = std::chrono::hours(12);

/// So long others have to keep a publisher whose maker has left, or may not decide any more. Until
/// then it publishes: a team's releases do not stop because one of them left.
inline constexpr Milliseconds kLeftLife = std::chrono::days(14);

struct EndedPublisher {
  TrustedPublisher publisher;
  Time ended_at;
  EndReason reason = EndReason::unused;
};

/// Whether the publisher can be used at this time: TrustRefusal::publisher_expired,
/// publisher_cooling_down.
Result<void> usable(const TrustedPublisher& publisher, Time now);

/// Ends one, and the publish tokens that it got.
void end_publisher(db::Session& session, const TrustedPublisher& publisher, EndReason reason,
                   Time now);
/// Whoever made it has left, or may not decide any more: it ends in kLeftLife, unless somebody
/// keeps it. One that ends so already keeps its time. The publisher as it is now.
TrustedPublisher let_go(db::Session& session, TrustedPublisher publisher, Time now);
/// What ended at the same place, of the same issuer and with the same claims: it was added again.
/// Of a pending name only the maker's own.
void forget_ended_like(db::Session& session, const TrustedPublisher& publisher);
/// Those whose time is over, at most `limit` of them; ends them, and forgets what ended long ago.
std::vector<EndedPublisher> end_expired(db::Session& session, Time now, std::int64_t limit);
/// Whether end_expired() would have anything to do.
bool any_expired_publisher(db::Session& session, Time now);

/// Those that are to be warned of now, at most `limit`. Each until it is marked as such.
std::vector<TrustedPublisher> ending_soon(db::Session& session, Time now, std::int64_t limit);
void mark_warned(db::Session& session, std::string_view publisher_id, Time now);

/// The newest first.
std::vector<EndedPublisher> ended_of_place(db::Session& session, std::string_view place);
std::vector<EndedPublisher> ended_of_person(db::Session& session, std::string_view person);
std::optional<EndedPublisher> ended_by_id(db::Session& session, std::string_view id);
/// Of the places of a name, and what waited for it while there was no package.
std::vector<EndedPublisher> ended_for(db::Session& session, std::string_view package_name);
/// Whether there is an ended one of this issuer, so that a refusal may be able to name it.
bool anybody_trusted(db::Session& session, std::string_view issuer_id,
                     const std::optional<std::string>& tenant);

std::vector<db::Migration> publisher_end_migrations();

}  // namespace imp::trust
