#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "db/database.h"

namespace imp::ci {

/// Told of every running job that has ended or that somebody has canceled, inside the transaction
/// that says so: from that moment its identity tokens are worth nothing. It may be told more than
/// once of the same job. Whoever wires the engine decides what is to follow; empty for nothing.
using JobOver = std::function<void(db::Session& session, const std::string& job_id, Time now)>;

}  // namespace imp::ci
