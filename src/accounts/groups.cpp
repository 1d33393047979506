#include "accounts/groups.h"

#include <fmt/format.h>
#include <algorithm>

#include "accounts/organizations.h"
#include "accounts/refusal.h"
#include "base/encoding.h"
#include "base/uuid.h"
#include "http/request.h"

namespace imp::accounts {
namespace {

constexpr std::size_t kLongestGroupName = 100;

Group group_from(const db::Row& row) {
  return {.id = row.text(0),
          .organization_id = row.text(1),
          .name = row.text(2),
          .created = from_milliseconds(row.integer(3))};
}

Result<void> check_group_name(std::string_view name) {
  const bool bad = std::ranges::any_of(
      name, [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '/' || c == ':'; });
  if (name.empty() || name.size() > kLongestGroupName || bad || !is_utf8(name) ||
      name.starts_with(' ') || name.ends_with(' ')) {
    return refuse(AccountRefusal::name_invalid,
                  "A group's name has 1 to 100 bytes, no '/' or ':', and no space at either end.");
  }
  // The CI half shows the whole organisation under this name; a second one would be a trap.
  if (http::equal_ignoring_case(name, "All members")) {
    return refuse(AccountRefusal::name_invalid, "\"All members\" is the whole organisation.");
  }
  return {};
}

std::unexpected<Failure> no_such_group(std::string_view which) {
  return refuse(AccountRefusal::group_not_found,
                "There is no group \"" + std::string(which) + "\" in this organisation.");
}

std::string subject_of(const Organization& organization, std::string_view group) {
  return fmt::format("group:{}:{}", organization.name, group);
}

Result<Group> find_group(const Services& services, std::string_view column,
                         std::string_view organization_id, std::string_view value) {
  return services.database.read([&](db::Session& session) -> Result<Group> {
    const auto row = session.row(
        fmt::format("SELECT id, organization_id, name, created FROM accounts_groups WHERE "
                    "organization_id = :p1 AND {} = :p2",
                    column),
        {std::string(organization_id), std::string(value)});
    if (!row) return no_such_group(value);
    return group_from(*row);
  });
}

}  // namespace

std::vector<std::string> group_ids_of(db::Session& session, std::string_view organization_id,
                                      std::string_view person_id) {
  std::vector<std::string> ids;
  if (!role_of(session, organization_id, person_id)) return ids;
  ids.emplace_back(organization_id);
  const auto rows = session.rows(
      "SELECT g.id FROM accounts_group_members m JOIN accounts_groups g ON g.id = m.group_id "
      "WHERE g.organization_id = :p1 AND m.person_id = :p2 ORDER BY g.name",
      {std::string(organization_id), std::string(person_id)});
  for (const db::Row& row : rows) ids.push_back(row.text(0));
  return ids;
}

Result<Group> Groups::create(const Organization& organization, std::string_view name,
                             const Actor& actor) {
  if (auto valid = check_group_name(name); !valid) return pass_on(valid);
  Group group{.id = new_uuid(),
              .organization_id = organization.id,
              .name = std::string(name),
              .created = services_.clock.now()};
  return services_.database.write([&](db::Session& session) -> Result<Group> {
    if (auto allowed = require_organization_admin(session, organization, actor); !allowed) {
      return pass_on(allowed);
    }
    const bool added = session.insert_if_absent(
        "INSERT INTO accounts_groups (id, organization_id, name, created) "
        "VALUES (:p1, :p2, :p3, :p4) ON CONFLICT DO NOTHING",
        {group.id, group.organization_id, group.name, to_milliseconds(group.created)});
    if (!added) {
      return refuse(AccountRefusal::group_exists,
                    "The organisation has a group \"" + group.name + "\" already.");
    }
    trail_.append(session, actor, "group.create", subject_of(organization, group.name), group.id,
                  organization.id);
    return group;
  });
}

Result<void> Groups::remove(const Organization& organization, const Group& group,
                            const Actor& actor) {
  return services_.database.write([&](db::Session& session) -> Result<void> {
    auto allowed = require_organization_admin(session, organization, actor);
    if (!allowed) return allowed;
    session.run(
        "DELETE FROM accounts_group_members WHERE group_id IN (SELECT id FROM accounts_groups "
        "WHERE id = :p1 AND organization_id = :p2)",
        {group.id, organization.id});
    const std::int64_t rows =
        session.run("DELETE FROM accounts_groups WHERE id = :p1 AND organization_id = :p2",
                    {group.id, organization.id});
    if (rows == 0) return no_such_group(group.name);
    trail_.append(session, actor, "group.delete", subject_of(organization, group.name), group.id,
                  organization.id);
    return {};
  });
}

Result<std::vector<Group>> Groups::list(std::string_view organization_id) const {
  return services_.database.read([&](db::Session& session) -> Result<std::vector<Group>> {
    std::vector<Group> groups;
    const auto rows = session.rows(
        "SELECT id, organization_id, name, created FROM accounts_groups WHERE "
        "organization_id = :p1 ORDER BY name",
        {std::string(organization_id)});
    groups.reserve(rows.size());
    for (const db::Row& row : rows) groups.push_back(group_from(row));
    return groups;
  });
}

Result<Group> Groups::by_id(std::string_view organization_id, std::string_view id) const {
  return find_group(services_, "id", organization_id, id);
}

Result<Group> Groups::by_name(std::string_view organization_id, std::string_view name) const {
  return find_group(services_, "name", organization_id, name);
}

Result<std::vector<Member>> Groups::members(const Group& group) const {
  return services_.database.read([&](db::Session& session) -> Result<std::vector<Member>> {
    std::vector<Member> members;
    const auto rows = session.rows(
        "SELECT p.id, p.name, m.role FROM accounts_group_members g "
        "JOIN accounts_people p ON p.id = g.person_id "
        "JOIN accounts_members m ON m.person_id = p.id AND m.organization_id = :p1 "
        "WHERE g.group_id = :p2 ORDER BY p.name",
        {group.organization_id, group.id});
    members.reserve(rows.size());
    for (const db::Row& row : rows) {
      members.push_back(
          {.person_id = row.text(0), .name = row.text(1), .role = role_named(row.text(2))});
    }
    return members;
  });
}

Result<bool> Groups::add(const Organization& organization, const Group& group, const Person& person,
                         const Actor& actor) {
  return services_.database.write([&](db::Session& session) -> Result<bool> {
    if (auto allowed = require_organization_admin(session, organization, actor); !allowed) {
      return pass_on(allowed);
    }
    if (!session.row("SELECT 1 FROM accounts_groups WHERE id = :p1 AND organization_id = :p2",
                     {group.id, organization.id})) {
      return no_such_group(group.name);
    }
    if (!role_of(session, organization.id, person.id)) {
      return refuse(AccountRefusal::member_not_found, person.name + " is not a member of " +
                                                          organization.name +
                                                          "; add them to the organisation first.");
    }
    const bool added = session.insert_if_absent(
        "INSERT INTO accounts_group_members (group_id, person_id) VALUES (:p1, :p2) "
        "ON CONFLICT DO NOTHING",
        {group.id, person.id});
    if (added) {
      trail_.append(session, actor, "group.member_add", subject_of(organization, group.name),
                    person.name, organization.id);
    }
    return added;
  });
}

Result<bool> Groups::remove_person(const Organization& organization, const Group& group,
                                   const Person& person, const Actor& actor) {
  return services_.database.write([&](db::Session& session) -> Result<bool> {
    if (auto allowed = require_organization_admin(session, organization, actor); !allowed) {
      return pass_on(allowed);
    }
    const std::int64_t rows = session.run(
        "DELETE FROM accounts_group_members WHERE person_id = :p1 AND group_id IN "
        "(SELECT id FROM accounts_groups WHERE id = :p2 AND organization_id = :p3)",
        {person.id, group.id, organization.id});
    if (rows > 0) {
      trail_.append(session, actor, "group.member_remove", subject_of(organization, group.name),
                    person.name, organization.id);
    }
    return rows > 0;
  });
}

Result<std::vector<std::string>> Groups::ids_of(std::string_view organization_id,
                                                std::string_view person_id) const {
  return services_.database.read([&](db::Session& session) -> Result<std::vector<std::string>> {
    return group_ids_of(session, organization_id, person_id);
  });
}

}  // namespace imp::accounts
