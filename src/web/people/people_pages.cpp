#include <boost/json.hpp>

#include "web/frame/frames.h"
#include "web/frame/handlers.h"
#include "web/routes.h"

namespace imp::web {

namespace {

using accounts::Group;
using accounts::Organization;

Result<Organization> organization_of(const Visit& visit) {
  return ci::organization_for_member(visit.call(), visit.param("organization"));
}

http::Response back(const Organization& organization, std::string_view done) {
  return http::see_other(fmt::format("/org/{}/people?done={}", organization.name, done));
}

Result<boost::json::array> groups_model(const Visit& visit, const Organization& organization) {
  const auto groups = visit.services.accounts.groups.list(organization.id);
  if (!groups) return pass_on(groups);
  boost::json::array items;
  for (const Group& group : *groups) {
    const auto members = visit.services.accounts.groups.members(group);
    if (!members) return pass_on(members);
    boost::json::array people;
    for (const accounts::Member& member : *members)
      people.emplace_back(boost::json::object{{"person", member.name}});
    items.push_back({{"id", group.id},
                     {"group", group.name},
                     {"organization", organization.name},
                     {"group_id", {{"value", group.id}, {"what", "the Group ID"}}},
                     {"typed", visit.param("group_id") == group.id ? visit.field("person") : ""},
                     {"people", std::move(people)}});
  }
  return items;
}

/// What was typed into a field of the form with this address, when it is shown again.
std::string typed_for(const Visit& visit, std::string_view form, std::string_view field) {
  const bool again = visit.problem != nullptr && visit.request.path().ends_with(form);
  return again ? visit.field(field) : std::string();
}

Result<http::Response> show_people(const Visit& visit) {
  const auto organization = organization_of(visit);
  if (!organization) return pass_on(organization);
  const auto standing = ci::standing_in(visit.call(), organization->id);
  if (!standing) return pass_on(standing);
  const auto members = visit.services.accounts.organizations.members(organization->id);
  if (!members) return pass_on(members);
  boost::json::array people;
  for (const accounts::Member& member : *members) {
    people.push_back({{"person", member.name},
                      {"role", accounts::name(member.role)},
                      {"organization", organization->name},
                      {"removable", standing->admin || member.person_id == visit.person().id}});
  }
  auto groups = groups_model(visit, *organization);
  if (!groups) return pass_on(groups);
  return show(visit, {.title = "People of " + organization->display_name,
                      .content = "people",
                      .model = {{"name", organization->name},
                                {"display_name", organization->display_name},
                                {"admin", standing->admin},
                                {"tabs", organization_tabs(visit, *organization, "People")},
                                {"members", std::move(people)},
                                {"typed_person", typed_for(visit, "/people", "person")},
                                {"typed_admin", typed_for(visit, "/people", "role") == "admin"},
                                {"typed_group", typed_for(visit, "/groups", "group")},
                                {"groups", std::move(*groups)}}});
}

/// The people whom this organisation's admin names in a form.
Result<accounts::Person> named_person(const Visit& visit) {
  const auto name = visit.required("person", "The name");
  if (!name) return pass_on(name);
  return visit.services.accounts.people.by_name(*name);
}

Result<http::Response> set_member(const Visit& visit) {
  // Asked first, so that people outside cannot find out which accounts exist.
  const auto organization = ci::organization_for_admin(visit.call(), visit.param("organization"));
  if (!organization) return pass_on(organization);
  const auto person = named_person(visit);
  if (!person) return pass_on(person);
  const auto changed = visit.services.accounts.organizations.set_member(
      *organization, *person, accounts::role_named(visit.field("role")), visit.actor());
  if (!changed) return pass_on(changed);
  return back(*organization, "saved");
}

Result<http::Response> remove_member(const Visit& visit) {
  const auto organization = organization_of(visit);
  if (!organization) return pass_on(organization);
  // Asked first where it is about somebody else, as above.
  if (visit.field("person") != visit.person().name) {
    const auto admin = ci::organization_for_admin(visit.call(), visit.param("organization"));
    if (!admin) return pass_on(admin);
  }
  const auto person = named_person(visit);
  if (!person) return pass_on(person);
  const auto removed =
      visit.services.accounts.organizations.remove_member(*organization, *person, visit.actor());
  if (!removed) return pass_on(removed);
  if (person->id == visit.person().id) return http::see_other("/?done=removed");
  return back(*organization, "removed");
}

Result<http::Response> create_group(const Visit& visit) {
  const auto organization = organization_of(visit);
  if (!organization) return pass_on(organization);
  const auto created =
      visit.services.accounts.groups.create(*organization, visit.field("group"), visit.actor());
  if (!created) return pass_on(created);
  return back(*organization, "created");
}

/// A form about one group of an organisation, for its admins.
using GroupAction = std::function<Result<void>(const Visit&, const Organization&, const Group&)>;

Action about_group(GroupAction act, std::string done_word) {
  return [act = std::move(act),
          done_word = std::move(done_word)](const Visit& visit) -> Result<http::Response> {
    const auto organization = ci::organization_for_admin(visit.call(), visit.param("organization"));
    if (!organization) return pass_on(organization);
    const auto group =
        visit.services.accounts.groups.by_id(organization->id, visit.param("group_id"));
    if (!group) return pass_on(group);
    const auto done = act(visit, *organization, *group);
    if (!done) return pass_on(done);
    return back(*organization, done_word);
  };
}

Result<void> delete_group(const Visit& visit, const Organization& organization,
                          const Group& group) {
  return visit.services.accounts.groups.remove(organization, group, visit.actor());
}

Result<void> add_to_group(const Visit& visit, const Organization& organization,
                          const Group& group) {
  const auto person = named_person(visit);
  if (!person) return pass_on(person);
  const auto added =
      visit.services.accounts.groups.add(organization, group, *person, visit.actor());
  if (!added) return pass_on(added);
  return {};
}

Result<void> remove_from_group(const Visit& visit, const Organization& organization,
                               const Group& group) {
  const auto person = named_person(visit);
  if (!person) return pass_on(person);
  const auto removed =
      visit.services.accounts.groups.remove_person(organization, group, *person, visit.actor());
  if (!removed) return pass_on(removed);
  return {};
}

}  // namespace

void add_people_pages(http::Router& router, WebServices& services) {
  constexpr std::string_view people = "/org/{organization}/people";
  add_page(router, services, people, Audience::signed_in, show_people);
  const auto form = [&](std::string_view pattern, Action act) {
    add_form(router, services, pattern, Audience::signed_in, std::move(act), show_people);
  };
  form(people, set_member);
  form("/org/{organization}/people/remove", remove_member);
  form("/org/{organization}/groups", create_group);
  form("/org/{organization}/groups/{group_id}/delete", about_group(delete_group, "removed"));
  form("/org/{organization}/groups/{group_id}/add", about_group(add_to_group, "added"));
  form("/org/{organization}/groups/{group_id}/remove", about_group(remove_from_group, "removed"));
}

}  // namespace imp::web
