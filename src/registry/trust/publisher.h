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
#include "registry/trust/issuer.h"
#include "registry/trust/permissions.h"
#include "registry/trust/required_claims.h"

namespace imp::trust {

inline constexpr std::size_t kMaxPublishers = 10;

/// How long a publisher may be used, when that is not from now on and for good.
struct PublisherTimes {
  std::optional<Time> ends_at;      ///< when it ends unless it has published before
  std::optional<Time> usable_from;  ///< the end of its cool-down
};

/// The operator's rules of new publishers.
struct PublisherRules {
  Milliseconds unused_life = std::chrono::days(2);  ///< 0: one that is never used never ends
  Milliseconds cool_down{0};                        ///< before a new one may be used
  /// For a publisher that is made now; `pending` ones wait for their package instead.
  PublisherTimes times(Time now, bool pending) const;
};

/// Who may publish a package without a secret: a CI identity, by the claims of its tokens.
struct TrustedPublisher {
  std::string id;  ///< UUID
  std::string
      package_id;  ///< what it hangs on: a package's id, or another place (publisher_place.h)
  std::string issuer_id;  ///< Issuer::id: a publisher of one issuer never matches another's token
  std::string type;       ///< Provider::type
  RequiredClaims claims;
  Permissions permissions;
  std::string created_by;  ///< person's name
  Time created_at;
  std::optional<Time> last_used_at;
  std::optional<Time> ends_at;      ///< as PublisherTimes; nothing once it has published
  std::optional<Time> usable_from;  ///< as PublisherTimes
  /// When it ends because whoever made it has left, unless somebody keeps it (publisher_end.h).
  std::optional<Time> left_until = {};

  /// When it ends as things are: the first of `ends_at` and `left_until`.
  std::optional<Time> end() const;
  /// The item of npm's trust API, with `issuer` beside npm's own members.
  boost::json::object to_json(const Issuers& issuers) const;
};

/// What a trust request asks for: one element of the array that `npm trust` posts.
struct PublisherRequest {
  RequiredClaims claims;
  Permissions permissions;
  std::string issuer_id;

  /// `default_issuer(provider, tenant)` chooses the issuer when the request has no `issuer` (npm's
  /// CLI sends none): this server's own for an organisation of its own, else the configured one.
  /// Unknown members, types and issuers are refused with what is allowed.
  using DefaultIssuer = std::function<std::string(const Provider&, const std::string& tenant)>;
  static Result<PublisherRequest> parse(const boost::json::value& item, const Issuers& issuers,
                                        const DefaultIssuer& default_issuer);
};

/// Publishers in the order in which a token is held against them: the more specific first, then the
/// older, then by id. Fixed, so that the same token always meets the same
/// publisher.
std::vector<TrustedPublisher> publishers_of(db::Session& session, std::string_view package_id);
/// Whether any package trusts this issuer: that of one tenant, or that of all.
bool anybody_trusts(db::Session& session, std::string_view issuer_id,
                    const std::optional<std::string>& tenant);
std::optional<TrustedPublisher> publisher_by_id(db::Session& session, std::string_view id);

/// What one person made, wherever it hangs, oldest first.
std::vector<TrustedPublisher> publishers_made_by(db::Session& session, std::string_view person);
/// Those whose TrustedPublisher::end() is then, or before.
std::vector<TrustedPublisher> publishers_ending_by(db::Session& session, Time then,
                                                   std::int64_t limit);
/// Those that a condition picks: "WHERE …", with order and limit; its parameters from :p1 on.
std::vector<TrustedPublisher> publishers_where(db::Session& session, std::string_view where,
                                               std::vector<db::Value> parameters);
/// Of a row with the columns of trusted_publisher in the order of TrustedPublisher, then learnt,
/// tenant_claim, ends_at, usable_from and left_until.
TrustedPublisher publisher_from_row(const db::Row& row);

/// Refuses so many publishers of one place: too_many_publishers beyond kMaxPublishers.
Result<void> check_count(std::size_t publishers);
/// Adds a publisher to a place: at most kMaxPublishers, none twice. At a pending name each person's
/// are counted apart, so that nobody can fill it up for others. One that has ended and is added
/// again is no ended one any more.
Result<TrustedPublisher> add_publisher(db::Session& session, std::string_view package_id,
                                       const PublisherRequest& request, std::string_view created_by,
                                       Time now, const PublisherTimes& times = {});
/// Gives one other permissions and other identifiers behind its names, and revokes the publish
/// tokens that it got. It stays what it is: its id, when it was made and used, and one that was
/// used does not end. More permissions, or another identifier than was known, are as good as a new
/// publisher: then it cools down, and if it was never used, it has the time of a new one.
TrustedPublisher change_publisher(db::Session& session, const TrustedPublisher& publisher,
                                  const PublisherRequest& to, Time now,
                                  const PublisherTimes& times);
/// Removes one and revokes the publish tokens that it got. TrustRefusal::publisher_not_found.
Result<TrustedPublisher> remove_publisher(db::Session& session, std::string_view package_id,
                                          std::string_view publisher_id, Time now);
/// The same for one that is known.
void delete_publisher(db::Session& session, std::string_view publisher_id, Time now);
/// Somebody answers for it from now on: it is theirs as if they had added it, and does not end
/// because its maker has left.
void keep_publisher(db::Session& session, std::string_view publisher_id, std::string_view person);
/// Stores what the publisher's claims have learnt.
void keep_learnt(db::Session& session, const TrustedPublisher& publisher);
/// It got a publish token. When, is noted to the minute.
void mark_used(db::Session& session, const TrustedPublisher& publisher, Time now);
/// What it got was used to publish, to stage or to tag: it does not end any more, unless it is
/// pending. An exchange alone does not prove that anybody wanted a release of it.
void mark_proved(db::Session& session, std::string_view publisher_id);

std::vector<db::Migration> migrations();

}  // namespace imp::trust
