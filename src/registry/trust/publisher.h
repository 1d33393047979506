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

/// Who may publish a package without a secret: a CI identity, by the claims of its tokens.
struct TrustedPublisher {
  std::string id;  ///< UUID
  std::string package_id;
  std::string issuer_id;  ///< Issuer::id: a publisher of one issuer never matches another's token
  std::string type;       ///< Provider::type
  RequiredClaims claims;
  Permissions permissions;
  std::string created_by;  ///< person's name
  Time created_at;
  std::optional<Time> last_used_at;

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

/// Adds a publisher: at most kMaxPublishers, none twice.
Result<TrustedPublisher> add_publisher(db::Session& session, std::string_view package_id,
                                       const PublisherRequest& request, std::string_view created_by,
                                       Time now);
/// Removes one and revokes the publish tokens that it got. TrustRefusal::publisher_not_found.
Result<TrustedPublisher> remove_publisher(db::Session& session, std::string_view package_id,
                                          std::string_view publisher_id, Time now);
/// Stores what the publisher's claims have learnt.
void keep_learnt(db::Session& session, const TrustedPublisher& publisher);
void mark_used(db::Session& session, std::string_view publisher_id, Time now);

std::vector<db::Migration> migrations();

}  // namespace imp::trust
