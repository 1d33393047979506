#include <fmt/format.h>

#include "accounts/organizations.h"
#include "accounts/people.h"
#include "accounts/refusal.h"

namespace imp::accounts {
namespace {

/// Locks the organisation's row, so that changes of its members happen one after the other: two
/// admins who leave at the same moment must not both see the other one stay.
void lock_members(db::Session& session, const Organization& organization) {
  session.run("UPDATE accounts_organizations SET revision = revision + 1 WHERE id = :p1",
              {organization.id});
}

bool only_admin(db::Session& session, const Organization& organization, const Person& person) {
  const auto others = session.row(
      "SELECT COUNT(*) FROM accounts_members WHERE organization_id = :p1 AND role = 'admin' AND "
      "person_id <> :p2",
      {organization.id, person.id});
  return others->integer(0) == 0;
}

std::unexpected<Failure> last_admin(const Organization& organization, const Person& person) {
  return refuse(AccountRefusal::last_admin, person.name + " is the last admin of " +
                                                organization.name +
                                                "; make somebody else an admin first.");
}

}  // namespace

std::optional<Role> role_of(db::Session& session, std::string_view organization_id,
                            std::string_view person_id) {
  const auto row = session.row(
      "SELECT role FROM accounts_members WHERE organization_id = :p1 AND person_id = :p2",
      {std::string(organization_id), std::string(person_id)});
  if (!row) return std::nullopt;
  return role_named(row->text(0));
}

std::vector<Person> admins_of(db::Session& session, std::string_view organization_id) {
  const auto rows = session.rows(
      "SELECT person_id FROM accounts_members WHERE organization_id = :p1 AND role = 'admin' "
      "ORDER BY person_id",
      {std::string(organization_id)});
  std::vector<Person> admins;
  admins.reserve(rows.size());
  for (const db::Row& row : rows) {
    if (auto person = find_person(session, row.text(0))) admins.push_back(std::move(*person));
  }
  return admins;
}

Result<void> require_organization_admin(db::Session& session, const Organization& organization,
                                        const Actor& actor) {
  if (auto reached = require_organization_reach(actor, organization.name); !reached) {
    return reached;
  }
  if (actor.is_admin) return {};
  if (!actor.person_id.empty() &&
      role_of(session, organization.id, actor.person_id) == Role::admin) {
    return {};
  }
  return refuse(AccountRefusal::organization_forbidden,
                "Only an admin of the organisation " + organization.name + " may do this.");
}

Result<std::optional<Role>> Organizations::role(std::string_view organization_id,
                                                std::string_view person_id) const {
  return services_.database.read([&](db::Session& session) -> Result<std::optional<Role>> {
    return role_of(session, organization_id, person_id);
  });
}

Result<std::vector<Member>> Organizations::members(std::string_view organization_id) const {
  return services_.database.read([&](db::Session& session) -> Result<std::vector<Member>> {
    std::vector<Member> members;
    const auto rows = session.rows(
        "SELECT p.id, p.name, m.role FROM accounts_members m JOIN accounts_people p ON "
        "p.id = m.person_id WHERE m.organization_id = :p1 ORDER BY p.name",
        {std::string(organization_id)});
    members.reserve(rows.size());
    for (const db::Row& row : rows) {
      members.push_back(
          {.person_id = row.text(0), .name = row.text(1), .role = role_named(row.text(2))});
    }
    return members;
  });
}

Result<bool> Organizations::set_member(const Organization& organization, const Person& person,
                                       Role role, const Actor& actor) {
  return services_.database.write([&](db::Session& session) -> Result<bool> {
    lock_members(session, organization);
    if (auto allowed = require_organization_admin(session, organization, actor); !allowed) {
      return pass_on(allowed);
    }
    const std::string subject = "organization:" + organization.name;
    const std::optional<Role> current = role_of(session, organization.id, person.id);
    if (current == role) return false;
    if (!current) {
      session.run(
          "INSERT INTO accounts_members (organization_id, person_id, role, created) "
          "VALUES (:p1, :p2, :p3, :p4)",
          {organization.id, person.id, std::string(name(role)),
           to_milliseconds(services_.clock.now())});
      trail_.append(session, actor, "organization.member_add", subject,
                    fmt::format("{} as {}", person.name, name(role)), organization.id);
      return true;
    }
    if (role == Role::member && only_admin(session, organization, person)) {
      return last_admin(organization, person);
    }
    session.run(
        "UPDATE accounts_members SET role = :p1 WHERE organization_id = :p2 AND person_id = :p3",
        {std::string(name(role)), organization.id, person.id});
    trail_.append(session, actor, "organization.member_role", subject,
                  fmt::format("{} is now {}", person.name, name(role)), organization.id);
    if (role == Role::member) {
      for (const AdminDemoted& listener : demoted_) listener(session, organization, person, actor);
    }
    return true;
  });
}

Result<void> Organizations::remove_member(const Organization& organization, const Person& person,
                                          const Actor& actor) {
  std::vector<AfterRemoval> afterwards;
  auto removed = services_.database.write([&](db::Session& session) -> Result<void> {
    afterwards.clear();  // a transaction may run again
    lock_members(session, organization);
    const bool leaving = actor.person_id == person.id;
    auto allowed = leaving ? require_organization_reach(actor, organization.name)
                           : require_organization_admin(session, organization, actor);
    if (!allowed) return allowed;
    const std::optional<Role> current = role_of(session, organization.id, person.id);
    if (!current) {
      return refuse(AccountRefusal::member_not_found,
                    person.name + " is not a member of " + organization.name + ".");
    }
    if (current == Role::admin && only_admin(session, organization, person)) {
      return last_admin(organization, person);
    }
    session.run(
        "DELETE FROM accounts_group_members WHERE person_id = :p1 AND group_id IN "
        "(SELECT id FROM accounts_groups WHERE organization_id = :p2)",
        {person.id, organization.id});
    session.run("DELETE FROM accounts_members WHERE organization_id = :p1 AND person_id = :p2",
                {organization.id, person.id});
    for (const MemberRemoved& listener : listeners_) {
      auto after = listener(session, organization, person, actor);
      if (!after) return pass_on(after);
      if (*after) afterwards.push_back(std::move(*after));
    }
    trail_.append(session, actor, "organization.member_remove", "organization:" + organization.name,
                  person.name, organization.id);
    return {};
  });
  if (!removed) return removed;
  for (const AfterRemoval& after : afterwards) after();
  return {};
}

}  // namespace imp::accounts
