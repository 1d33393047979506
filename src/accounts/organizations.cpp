#include "accounts/organizations.h"

#include <fmt/format.h>
#include <algorithm>

#include "accounts/name.h"
#include "accounts/people.h"
#include "accounts/refusal.h"
#include "base/encoding.h"
#include "base/uuid.h"

namespace imp::accounts {
namespace {

constexpr std::string_view kColumns = "o.id, o.name, o.display_name, o.vcs_type, o.slug, o.created";
constexpr std::size_t kLongestDisplayName = 200;

Organization organization_from(const db::Row& row) {
  return {.id = row.text(0),
          .name = row.text(1),
          .display_name = row.text(2),
          .vcs_type = row.text(3),
          .slug = row.text(4),
          .created = from_milliseconds(row.integer(5))};
}

std::optional<Organization> find_by(db::Session& session, std::string_view column,
                                    std::string_view value) {
  const auto row = session.row(
      fmt::format("SELECT {} FROM accounts_organizations o WHERE o.{} = :p1", kColumns, column),
      {std::string(value)});
  if (!row) return std::nullopt;
  return organization_from(*row);
}

std::unexpected<Failure> no_such_organization(std::string_view which) {
  return refuse(AccountRefusal::organization_not_found,
                "There is no organisation \"" + std::string(which) + "\".");
}

Result<std::string> slug_for(const NewOrganization& organization, const std::string& id) {
  if (organization.vcs_type == "circleci") return "circleci/" + id;
  if (organization.vcs_type == "github") return "gh/" + organization.name;
  if (organization.vcs_type == "bitbucket") return "bb/" + organization.name;
  return refuse(AccountRefusal::name_invalid,
                "The vcs_type must be one of circleci, github, bitbucket.");
}

Result<void> check_display_name(std::string_view text) {
  const bool control =
      std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (!text.empty() && text.size() <= kLongestDisplayName && is_utf8(text) && !control) return {};
  return refuse(AccountRefusal::name_invalid,
                "The display name must be one line of text of 1 to 200 bytes.");
}

}  // namespace

std::optional<Organization> find_organization(db::Session& session, std::string_view id) {
  return find_by(session, "id", id);
}

std::optional<Organization> find_organization_by_name(db::Session& session, std::string_view name) {
  if (name.starts_with('@')) name.remove_prefix(1);
  return find_by(session, "name", name);
}

Result<Organization> Organizations::create(const NewOrganization& organization,
                                           const Person& founder, const Actor& actor) {
  if (auto full = require_full_credential(actor); !full) return pass_on(full);
  const std::string id = new_uuid();
  auto slug = slug_for(organization, id);
  if (!slug) return pass_on(slug);
  const Time now = services_.clock.now();
  Organization created{.id = id,
                       .name = organization.name,
                       .display_name = organization.display_name.empty()
                                           ? organization.name
                                           : organization.display_name,
                       .vcs_type = organization.vcs_type,
                       .slug = *slug,
                       .created = now};
  if (auto valid = check_name(created.name); !valid) return pass_on(valid);
  if (auto valid = check_display_name(created.display_name); !valid) return pass_on(valid);
  return services_.database.write([&](db::Session& session) -> Result<Organization> {
    if (auto claimed = claim_name(session, created.name, NameKind::organization, id); !claimed) {
      return pass_on(claimed);
    }
    session.run(
        "INSERT INTO accounts_organizations (id, name, display_name, vcs_type, slug, created, "
        "revision) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, 0)",
        {created.id, created.name, created.display_name, created.vcs_type, created.slug,
         to_milliseconds(now)});
    session.run(
        "INSERT INTO accounts_members (organization_id, person_id, role, created) "
        "VALUES (:p1, :p2, 'admin', :p3)",
        {created.id, founder.id, to_milliseconds(now)});
    trail_.append(session, actor, "organization.create", "organization:" + created.name,
                  "first admin " + founder.name, created.id);
    return created;
  });
}

Result<Organization> Organizations::by_id(std::string_view id) const {
  return services_.database.read([&](db::Session& session) -> Result<Organization> {
    if (auto found = find_organization(session, id)) return *found;
    return no_such_organization(id);
  });
}

Result<Organization> Organizations::by_name(std::string_view name) const {
  return services_.database.read([&](db::Session& session) -> Result<Organization> {
    if (auto found = find_organization_by_name(session, name)) return *found;
    return no_such_organization(name);
  });
}

Result<Organization> Organizations::by_slug(std::string_view slug) const {
  std::string canonical(slug);
  if (slug.starts_with("github/")) canonical.replace(0, 6, "gh");
  if (slug.starts_with("bitbucket/")) canonical.replace(0, 9, "bb");
  return services_.database.read([&](db::Session& session) -> Result<Organization> {
    if (auto found = find_by(session, "slug", canonical)) return *found;
    return no_such_organization(slug);
  });
}

Result<Organization> Organizations::by_any(std::string_view id_slug_or_name) const {
  if (is_uuid(id_slug_or_name)) return by_id(id_slug_or_name);
  if (id_slug_or_name.contains('/')) return by_slug(id_slug_or_name);
  return by_name(id_slug_or_name);
}

Result<std::vector<Organization>> Organizations::list() const {
  return services_.database.read([&](db::Session& session) -> Result<std::vector<Organization>> {
    std::vector<Organization> all;
    for (const db::Row& row : session.rows(
             fmt::format("SELECT {} FROM accounts_organizations o ORDER BY o.name", kColumns))) {
      all.push_back(organization_from(row));
    }
    return all;
  });
}

Result<Organization> Organizations::rename(const Organization& organization,
                                           std::string display_name, const Actor& actor) {
  if (auto valid = check_display_name(display_name); !valid) return pass_on(valid);
  return services_.database.write([&](db::Session& session) -> Result<Organization> {
    if (auto allowed = require_organization_admin(session, organization, actor); !allowed) {
      return pass_on(allowed);
    }
    const std::int64_t rows =
        session.run("UPDATE accounts_organizations SET display_name = :p1 WHERE id = :p2",
                    {display_name, organization.id});
    if (rows == 0) return no_such_organization(organization.name);
    trail_.append(session, actor, "organization.update", "organization:" + organization.name,
                  "display name", organization.id);
    Organization renamed = organization;
    renamed.display_name = display_name;
    return renamed;
  });
}

Result<std::vector<Membership>> Organizations::of_person(std::string_view person_id) const {
  return services_.database.read([&](db::Session& session) -> Result<std::vector<Membership>> {
    std::vector<Membership> memberships;
    const auto rows = session.rows(
        fmt::format("SELECT {}, m.role FROM accounts_members m JOIN accounts_organizations o ON "
                    "o.id = m.organization_id WHERE m.person_id = :p1 ORDER BY o.name",
                    kColumns),
        {std::string(person_id)});
    memberships.reserve(rows.size());
    for (const db::Row& row : rows) {
      memberships.push_back(
          {.organization = organization_from(row), .role = role_named(row.text(6))});
    }
    return memberships;
  });
}

}  // namespace imp::accounts
