#include <algorithm>

#include "accounts/refusal.h"
#include "ci/api/endpoint.h"
#include "ci/api/page.h"

namespace imp::ci {
namespace {

boost::json::object to_json(const accounts::Group& group) {
  return {{"id", group.id}, {"name", group.name}, {"created_at", iso8601(group.created)}};
}

boost::json::object to_json(const accounts::Member& member) {
  return {{"id", member.person_id}, {"name", member.name}, {"role", accounts::name(member.role)}};
}

struct GroupCall {
  accounts::Organization organization;
  accounts::Group group;
};

Result<GroupCall> with_group(const Call& call, Result<accounts::Organization> organization) {
  if (!organization) return pass_on(organization);
  auto group = call.services.accounts.groups.by_id(organization->id, call.param("group_id"));
  if (!group) return pass_on(group);
  return GroupCall{std::move(*organization), std::move(*group)};
}
Result<GroupCall> group_for_member(const Call& call) {
  return with_group(call, organization_for_member(call, call.param("organization_id")));
}
Result<GroupCall> group_for_admin(const Call& call) {
  return with_group(call, organization_for_admin(call, call.param("organization_id")));
}

Result<http::Response> list_groups(const Call& call) {
  const auto organization = organization_for_member(call, call.param("organization_id"));
  if (!organization) return pass_on(organization);
  auto groups = call.services.accounts.groups.list(organization->id);
  if (!groups) return pass_on(groups);
  std::ranges::sort(*groups, {}, &accounts::Group::name);
  return page_response(
      call, *groups, [](const accounts::Group& group) { return group.name; },
      [](const accounts::Group& group) -> Result<boost::json::object> { return to_json(group); });
}

Result<http::Response> create_group(const Call& call) {
  const auto organization = organization_for_admin(call, call.param("organization_id"));
  if (!organization) return pass_on(organization);
  const auto body = body_of(call);
  if (!body) return pass_on(body);
  const auto group_name = required_text(*body, "name");
  if (!group_name) return pass_on(group_name);
  const auto created =
      call.services.accounts.groups.create(*organization, *group_name, call.caller.actor());
  if (!created) return pass_on(created);
  return http::json(201, to_json(*created));
}

Result<http::Response> show_group(const Call& call) {
  const auto found = group_for_member(call);
  if (!found) return pass_on(found);
  return http::json(200, to_json(found->group));
}

Result<http::Response> delete_group(const Call& call) {
  const auto found = group_for_admin(call);
  if (!found) return pass_on(found);
  if (auto removed = call.services.accounts.groups.remove(found->organization, found->group,
                                                          call.caller.actor());
      !removed) {
    return pass_on(removed);
  }
  return http::json(200, boost::json::object{{"message", "Group deleted."}});
}

Result<http::Response> list_users(const Call& call) {
  const auto found = group_for_member(call);
  if (!found) return pass_on(found);
  auto members = call.services.accounts.groups.members(found->group);
  if (!members) return pass_on(members);
  std::ranges::sort(*members, {}, &accounts::Member::name);
  return page_response(
      call, *members, [](const accounts::Member& member) { return member.name; },
      [](const accounts::Member& member) -> Result<boost::json::object> {
        return to_json(member);
      });
}

/// People outside the organisation are as absent as ids that nobody has: neither their names nor
/// that they exist are for its admins to learn.
Result<accounts::Person> member_by_id(const Call& call, const accounts::Organization& organization,
                                      std::string_view id) {
  const auto role = call.services.accounts.organizations.role(organization.id, id);
  if (!role) return pass_on(role);
  if (!*role) {
    return refuse(accounts::AccountRefusal::member_not_found,
                  "The organization has no member with this id.");
  }
  return call.services.accounts.people.by_id(id);
}

Result<http::Response> add_user(const Call& call) {
  const auto found = group_for_admin(call);
  if (!found) return pass_on(found);
  const auto body = body_of(call);
  if (!body) return pass_on(body);
  const auto user_id = required_text(*body, "user_id");
  if (!user_id) return pass_on(user_id);
  const auto person = member_by_id(call, found->organization, *user_id);
  if (!person) return pass_on(person);
  const auto added = call.services.accounts.groups.add(found->organization, found->group, *person,
                                                       call.caller.actor());
  if (!added) return pass_on(added);
  return http::json(200, boost::json::object{{"message", "User added to the group."}});
}

Result<http::Response> remove_user(const Call& call) {
  const auto found = group_for_admin(call);
  if (!found) return pass_on(found);
  const auto person = member_by_id(call, found->organization, call.param("user_id"));
  if (!person) return pass_on(person);
  const auto removed = call.services.accounts.groups.remove_person(
      found->organization, found->group, *person, call.caller.actor());
  if (!removed) return pass_on(removed);
  if (!*removed) {
    return refuse(accounts::AccountRefusal::member_not_found,
                  "The group has no member with this id.");
  }
  return http::json(200, boost::json::object{{"message", "User removed from the group."}});
}

}  // namespace

void add_group_routes(http::Router& router, CiServices& services) {
  using http::Method;
  constexpr std::string_view all = "/api/v2/organizations/{organization_id}/groups";
  constexpr std::string_view one = "/api/v2/organizations/{organization_id}/groups/{group_id}";
  constexpr std::string_view users =
      "/api/v2/organizations/{organization_id}/groups/{group_id}/users";
  add_endpoint(router, services, Method::get, all, list_groups);
  add_endpoint(router, services, Method::post, all, create_group);
  add_endpoint(router, services, Method::get, one, show_group);
  add_endpoint(router, services, Method::del, one, delete_group);
  add_endpoint(router, services, Method::get, users, list_users);
  add_endpoint(router, services, Method::post, users, add_user);
  add_endpoint(router, services, Method::del,
               "/api/v2/organizations/{organization_id}/groups/{group_id}/users/{user_id}",
               remove_user);
}

}  // namespace imp::ci
