#include "ci/contexts/context_actor.h"

#include "accounts/groups.h"
#include "accounts/organizations.h"

namespace imp::ci {

std::optional<ContextActor> context_actor(db::Session& session, std::string_view organization_id,
                                          std::string_view person_id) {
  if (person_id.empty()) return std::nullopt;
  const auto role = accounts::role_of(session, organization_id, person_id);
  return ContextActor{.person_id = std::string(person_id),
                      .organization_member = role.has_value(),
                      .organization_admin = role == accounts::Role::admin,
                      .group_ids = accounts::group_ids_of(session, organization_id, person_id)};
}

}  // namespace imp::ci
