#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/failure.h"
#include "db/database.h"
#include "registry/trust/issuer.h"

namespace imp::trust {

// The issuers that an operator adds while the server runs, and the brake on any of them.

/// Adds an issuer of which `issuers` knows neither the id nor an address.
/// TrustRefusal::issuer_exists; issuer_in_use when publishers are left of an earlier one of this
/// id.
Result<void> add_issuer(db::Session& session, const Issuers& issuers, const Issuer& issuer,
                        std::string_view created_by, Time now);
/// Removes one that was added and that no publisher names. TrustRefusal::issuer_not_found,
/// issuer_in_use.
Result<void> remove_issuer(db::Session& session, const Issuers& issuers, std::string_view id);
/// Refuses every exchange with the issuer from now on, and revokes the publish tokens that came of
/// it; or ends that.
Result<void> freeze_issuer(db::Session& session, const Issuers& issuers, std::string_view id,
                           bool frozen, Time now);
bool is_frozen(db::Session& session, std::string_view id);

std::vector<db::Migration> issuer_migrations();

}  // namespace imp::trust
