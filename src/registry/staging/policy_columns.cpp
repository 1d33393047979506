#include "registry/staging/policy_columns.h"

namespace imp::registry {

StagePolicy policy_from(const db::Row& row, std::size_t first) {
  return {.approvals = row.integer(first),
          .different_person = row.flag(first + 1),
          .group = row.text(first + 2),
          .passkeys_only = row.flag(first + 3),
          .life = Milliseconds(row.integer(first + 4))};
}

void add_policy(std::vector<db::Value>& values, const StagePolicy& policy) {
  values.emplace_back(policy.approvals);
  values.emplace_back(std::int64_t{policy.different_person});
  values.emplace_back(policy.group);
  values.emplace_back(std::int64_t{policy.passkeys_only});
  values.emplace_back(policy.life.count());
}

}  // namespace imp::registry
