#pragma once

#include <functional>
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

/// For other modules inside their own transactions.
std::optional<Organization> find_organization(db::Session& session, std::string_view id);
std::optional<Organization> find_organization_by_name(db::Session& session, std::string_view name);
std::optional<Role> role_of(db::Session& session, std::string_view organization_id,
                            std::string_view person_id);
std::vector<Person> admins_of(db::Session& session, std::string_view organization_id);

/// Called inside the transaction that removes a member, so that whatever else the person held
/// through the organisation goes with it. A failure undoes the removal. What it gives back (null
/// for nothing) is done once the removal is durable: caches are told then.
using AfterRemoval = std::function<void()>;
using MemberRemoved = std::function<Result<AfterRemoval>(db::Session&, const Organization&,
                                                         const Person&, const Actor&)>;

/// Called inside the transaction that makes an admin an ordinary member, likewise.
using AdminDemoted =
    std::function<void(db::Session&, const Organization&, const Person&, const Actor&)>;

struct NewOrganization {
  std::string name = {};
  std::string display_name = {};  ///< empty: the name
  std::string vcs_type = "circleci";
};

struct Membership {
  Organization organization;
  Role role = Role::member;
};

/// Organisations and their members. Every organisation has at least one admin. Changes need an
/// admin of the organisation or an administrator of the server; members may remove themselves.
/// Organisations are shown to everybody who is signed in; members to members (the caller's check).
class Organizations {
 public:
  Organizations(const Services& services, Trail& trail) : services_(services), trail_(trail) {}

  /// The app registers every listener before the server starts.
  void on_member_removed(MemberRemoved listener) { listeners_.push_back(std::move(listener)); }
  void on_admin_demoted(AdminDemoted listener) { demoted_.push_back(std::move(listener)); }

  /// The founder becomes its first admin.
  Result<Organization> create(const NewOrganization& organization, const Person& founder,
                              const Actor& actor);
  Result<Organization> by_id(std::string_view id) const;
  Result<Organization> by_name(std::string_view name) const;  ///< with or without '@'
  Result<Organization> by_slug(
      std::string_view slug) const;  ///< "gh" is "github", "bb" "bitbucket"
  /// By id when it is a UUID, else by slug when it has a '/', else by name.
  Result<Organization> by_any(std::string_view id_slug_or_name) const;
  Result<std::vector<Organization>> list() const;
  Result<Organization> rename(const Organization& organization, std::string display_name,
                              const Actor& actor);  ///< the display name; the scope never changes

  Result<std::vector<Membership>> of_person(std::string_view person_id) const;
  Result<std::optional<Role>> role(std::string_view organization_id,
                                   std::string_view person_id) const;
  Result<std::vector<Member>> members(std::string_view organization_id) const;

  /// Adds the person or changes the role. Returns whether anything changed.
  Result<bool> set_member(const Organization& organization, const Person& person, Role role,
                          const Actor& actor);
  Result<void> remove_member(const Organization& organization, const Person& person,
                             const Actor& actor);

 private:
  const Services& services_;
  Trail& trail_;
  std::vector<MemberRemoved> listeners_;
  std::vector<AdminDemoted> demoted_;
};

/// organization_forbidden unless the actor is an admin of the organisation, an administrator of the
/// server or the system.
Result<void> require_organization_admin(db::Session& session, const Organization& organization,
                                        const Actor& actor);

}  // namespace imp::accounts
