#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/actor.h"
#include "accounts/organization.h"
#include "accounts/person.h"
#include "accounts/services.h"
#include "accounts/trail.h"
#include "db/database.h"

namespace imp::accounts {

/// The ids of every group of the organisation that the person is in. A member's list also holds the
/// organisation's own id, which stands for "All members". Empty for strangers.
std::vector<std::string> group_ids_of(db::Session& session, std::string_view organization_id,
                                      std::string_view person_id);

/// Groups of an organisation's members: security groups of the CI, teams to npm. Changes need an
/// admin of the organisation.
class Groups {
 public:
  Groups(const Services& services, Trail& trail) : services_(services), trail_(trail) {}

  Result<Group> create(const Organization& organization, std::string_view name, const Actor& actor);
  Result<void> remove(const Organization& organization, const Group& group, const Actor& actor);
  Result<std::vector<Group>> list(std::string_view organization_id) const;
  Result<Group> by_id(std::string_view organization_id, std::string_view id) const;
  Result<Group> by_name(std::string_view organization_id, std::string_view name) const;

  Result<std::vector<Member>> members(const Group& group) const;
  /// Only members of the organisation can be added. Returns whether anything changed.
  Result<bool> add(const Organization& organization, const Group& group, const Person& person,
                   const Actor& actor);
  Result<bool> remove_person(const Organization& organization, const Group& group,
                             const Person& person, const Actor& actor);
  Result<std::vector<std::string>> ids_of(std::string_view organization_id,
                                          std::string_view person_id) const;

 private:
  const Services& services_;
  Trail& trail_;
};

}  // namespace imp::accounts
