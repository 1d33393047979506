#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "db/database.h"
#include "registry/packages/access.h"
#include "registry/packages/packument.h"
#include "registry/trust/publisher.h"

namespace imp::trust {

/// How long a publisher waits for a package that does not exist yet.
inline constexpr Milliseconds kPendingLife = std::chrono::days(30);
/// How many one person may have waiting, over all names.
inline constexpr std::int64_t kMaxPendingOfPerson = 100;

/// What a publisher hangs on, as TrustedPublisher::package_id has it: the id of a package, a name
/// that no package has yet, or the scope of an organisation.
enum class PlaceKind { package, pending, scope };
PlaceKind place_kind(std::string_view place);
std::string pending_place(std::string_view package_name);
std::string scope_place(std::string_view organization_id);
/// The name of a pending place.
std::string_view pending_name(std::string_view place);

/// The organisation with the name of the scope; nothing for unscoped names and scopes that no
/// organisation has.
std::optional<std::string> organization_of_scope(db::Session& session,
                                                 const registry::PackageName& name);

/// What a token for this name is held against, in that order: the package or, while there is none,
/// its pending name; then the scope of its organisation.
std::vector<std::string> places_of(db::Session& session, std::string_view package_name);
/// Every publisher that a token for this name is held against, in the order of places_of() and
/// most specific first within each. Costs what hangs there, however many packages there are.
std::vector<TrustedPublisher> publishers_for(db::Session& session, std::string_view package_name);

/// What a publish with such a publisher may make of a name that does not exist.
struct Creation {
  /// Who maintains the new package: the maker of a pending publisher; nobody for a scope's, whose
  /// organisation owns it.
  std::vector<registry::Person> maintainers;
};
/// Whether the publisher may create the package now: TrustRefusal::maker_may_not_create when the
/// maker of a pending one has lost the right since, permission_not_granted when a scope's lacks
/// createPackage, publisher_removed when it is not about this name. Ask it again in the
/// transaction that creates.
Result<Creation> may_create_package(db::Session& session, const TrustedPublisher& publisher,
                                    const registry::PackageName& name);

/// What an exchange asks in its transaction: that the publisher still is about this name and, when
/// there is no package of it, may create it, and whose package it would be. Where no organisation
/// owns the scope, two people's publishers that agree with one token decide nothing
/// (TrustRefusal::pending_rivals): else whoever names somebody else's project first would own what
/// that project publishes.
Result<void> may_mint(db::Session& session, const TrustedPublisher& publisher,
                      const registry::PackageName& name,
                      const std::optional<registry::Package>& package,
                      const boost::json::object& token, Time now);

/// Pending publishers that a person made, over all names, oldest first.
std::vector<TrustedPublisher> pending_of(db::Session& session, std::string_view person);
/// How many these are.
std::int64_t count_pending_of(db::Session& session, std::string_view person);
/// Their names, each once.
std::vector<std::string> names_prepared_by(db::Session& session, std::string_view person);

/// What becomes of the pending publishers of a name whose package was just created: those of people
/// who may administer it are its own from now on, the others are ended (EndReason::name_taken). The
/// one that is in use comes first, where a package takes no more than kMaxPublishers.
struct Settled {
  std::vector<TrustedPublisher> kept;
  std::vector<TrustedPublisher> ended;
};
Settled settle_pending(db::Session& session, const registry::Package& package,
                       std::string_view used_publisher, Time now);
/// Ends what a person prepared in the scope of an organisation that they have left.
std::vector<TrustedPublisher> end_pending_of(db::Session& session, std::string_view person,
                                             std::string_view scope, Time now);

}  // namespace imp::trust
