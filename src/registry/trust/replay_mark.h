#pragma once

#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "db/database.h"
#include "jose/verify.h"

namespace imp::trust {

/// Leaves the mark that this identity token is used up: (issuer, `jti`), or what stands for a
/// missing `jti`. TrustRefusal::replayed when it is there already; clock_set_back when the mark may
/// have been there and was forgotten, so that a token is exchanged at most once whatever the clock
/// does. Inside the transaction that mints.
Result<void> use_up(db::Session& session, const jose::Claims& claims);

/// Forgets the marks of tokens that expired before then (db/forgotten.h): whatever expired on the
/// same day as one of them and not after it is refused from then on.
void forget_marks(db::Session& session, Time expired_before);

std::vector<db::Migration> replay_mark_migrations();

}  // namespace imp::trust
