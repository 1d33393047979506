#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "accounts/actor.h"
#include "audit/record.h"
#include "base/clock.h"
#include "db/database.h"

namespace imp::ci {

/// The audit record of something that was done. `action` is CircleCI's name of the event where it
/// has one; `detail` never holds a value of a variable.
audit::Record audit_record(const accounts::Actor& by, std::string action, std::string subject,
                           std::string organization_id, Time at, boost::json::object detail);

/// The person on whose behalf a pipeline acts, who is not the sender of the request at hand. An
/// empty id stands for triggers without a person.
accounts::Actor pipeline_actor(db::Session& session, std::string_view person_id);

}  // namespace imp::ci
