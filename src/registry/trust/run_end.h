#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "db/database.h"
#include "registry/trust/issuer.h"

namespace imp::trust {

// The end of the run that an identity token was issued to: what came of the token ends with it, and
// nothing more comes of it. Known of the server's own issuer alone (Issuer::own), whose runs end
// here; the app, which knows both, tells.

/// What identifies the run within its issuer, of a verified token's claims: the job. Empty for
/// issuers whose runs' end nobody tells.
std::string run_key(const Issuer& issuer, const boost::json::object& claims);

/// Keeps which run a new publish token belongs to. Harmless for an empty key.
void remember_run(db::Session& session, std::string_view token_id, std::string_view issuer_id,
                  std::string_view run, Time expires_at);

/// Whether the run may still get publish tokens for an identity token that was issued then:
/// TrustRefusal::run_ended; clock_set_back when its end may be known no more. In the transaction
/// that mints.
Result<void> still_runs(db::Session& session, std::string_view issuer_id, std::string_view run,
                        Time issued_at, Time now);

/// Revokes the publish tokens of the run, each with an audit record, and refuses it any more, in
/// the caller's write transaction. Harmless when the run has ended before.
void end_run(db::Session& session, std::string_view issuer_id, std::string_view run, Time now);

/// Whether the run that this publish token belongs to has ended.
bool is_of_ended_run(db::Session& session, std::string_view token_id);
/// The refusal of such a token.
std::unexpected<Failure> token_of_ended_run();

/// Forgets runs that ended so long ago that none of their identity tokens can be exchanged any more
/// (db/forgotten.h), and tokens that have expired before `before`.
void forget_runs(db::Session& session, Time before, Time now);

std::vector<db::Migration> run_migrations();

}  // namespace imp::trust
