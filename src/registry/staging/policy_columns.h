#pragma once

#include <cstddef>
#include <vector>

#include "db/database.h"
#include "registry/staging/stage_policy.h"

namespace imp::registry {

// A policy in a row: approvals, different_person, group_id, passkeys_only, life.
inline constexpr std::size_t kPolicyColumns = 5;

/// The policy whose columns begin there.
StagePolicy policy_from(const db::Row& row, std::size_t first);
void add_policy(std::vector<db::Value>& values, const StagePolicy& policy);

}  // namespace imp::registry
