#include <boost/json.hpp>

#include "accounts/refusal.h"
#include "http/response.h"
#include "registry/api/refusals.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/packages/store.h"

namespace imp::registry {

namespace {

using accounts::AccountRefusal;

/// One request about an organisation, from a person whom it shows itself to.
struct Call {
  RegistryServices& services;
  const http::Request& request;
  const Requester& requester;
  accounts::Organization organization;

  accounts::Actor actor() const { return requester.account().actor(); }
};

using Act = std::function<Result<http::Response>(const Call&)>;

/// Changes are for admins, and ask for the second factor.
enum class Kind : std::uint8_t { reads, changes, removes_member };

Result<accounts::Organization> organization_of(RegistryServices& services,
                                               const http::Request& request,
                                               const Requester& requester) {
  const accounts::Caller& caller = requester.account();
  if (!caller.signed_in()) {
    return refuse(AccountRefusal::not_signed_in, "You must sign in for this: run `npm login`.");
  }
  auto organization = services.accounts.organizations.by_name(request.param("organization"));
  if (!organization) return organization;
  const auto role = services.accounts.organizations.role(organization->id, caller.person->id);
  if (!role) return pass_on(role);
  const bool administrator = caller.person->is_admin && caller.acts_fully();
  const bool reached =
      !caller.token || caller.token->reaches_organization(organization->name, false);
  if ((*role || administrator) && reached) return organization;
  // As for one that does not exist: its people and groups are nobody else's business.
  return refuse(AccountRefusal::organization_not_found,
                "There is no organisation \"" + request.param("organization") + "\".");
}

/// The text of a member of the body; nothing when it is absent. The CLI strips the '@' of names,
/// people may not.
Result<std::optional<std::string>> optional_member(const Call& call, std::string_view key) {
  boost::system::error_code error;
  const boost::json::value body = boost::json::parse(call.request.body, error);
  if (!error && body.is_object()) {
    const boost::json::value* value = body.as_object().if_contains(key);
    if (!value || value->is_null()) return std::nullopt;
    if (value->is_string()) {
      const std::string_view text = value->as_string();
      return std::string(text.substr(text.starts_with('@') ? 1 : 0));
    }
  }
  return refuse(AccountRefusal::name_invalid,
                fmt::format("The body must be a JSON object with \"{}\" as a string.", key));
}

Result<std::string> member(const Call& call, std::string_view key) {
  auto text = optional_member(call, key);
  if (!text) return pass_on(text);
  if (*text) return std::move(**text);
  return refuse(AccountRefusal::name_invalid, fmt::format("The body has no \"{}\".", key));
}

/// Before anything of the body is looked up: what is told of it (is there such a person, or group?)
/// is for admins. Members may take themselves out.
Result<void> may_change(const Call& call, Kind kind) {
  if (kind == Kind::removes_member) {
    const auto name = member(call, "user");
    if (name && *name == call.requester.account().person->name) return {};
  }
  return call.services.database.read([&](db::Session& session) {
    return accounts::require_organization_admin(session, call.organization, call.actor());
  });
}

http::Response answer(RegistryServices& services, const http::Request& request, Kind kind,
                      const std::string& action, const Act& act) {
  const std::string subject = "organization:" + request.param("organization");
  const auto requester = Requester::identify(services, request);
  if (!requester) return refused(services, nullptr, action, subject, requester.error());
  const auto denied = [&](const Failure& failure) {
    return refused(services, &*requester, action, subject, failure);
  };
  auto organization = organization_of(services, request, *requester);
  if (!organization) return denied(organization.error());
  const Call call{services, request, *requester, std::move(*organization)};
  if (kind != Kind::reads) {
    if (const auto may = may_change(call, kind); !may) return denied(may.error());
    auto confirmed = services.accounts.second_factor_gate.require(
        request, requester->account(),
        {.purpose = {action, call.organization.name, true},
         .without_factor = accounts::WithoutFactor::allow});
    if (!confirmed) return std::move(confirmed.error());
  }
  auto done = act(call);
  return done ? std::move(*done) : denied(done.error());
}

Result<accounts::Person> person_in(const Call& call) {
  const auto name = member(call, "user");
  if (!name) return pass_on(name);
  return call.services.accounts.people.by_name(*name);
}

Result<accounts::Group> group_of(const Call& call) {
  return call.services.accounts.groups.by_name(call.organization.id, call.request.param("team"));
}

Result<accounts::Role> role_in(const Call& call) {
  const auto word = optional_member(call, "role");
  if (!word) return pass_on(word);
  const auto role = *word ? accounts::role_from_npm(**word) : accounts::Role::member;
  if (role) return *role;
  return refuse(AccountRefusal::role_invalid, "The role must be developer, admin or owner.");
}

Result<http::Response> list_members(const Call& call) {
  const auto members = call.services.accounts.organizations.members(call.organization.id);
  if (!members) return pass_on(members);
  boost::json::object roster;
  for (const accounts::Member& one : *members) roster[one.name] = accounts::npm_role(one.role);
  return http::json(200, roster);
}

Result<http::Response> set_member(const Call& call) {
  const auto role = role_in(call);
  if (!role) return pass_on(role);
  const auto person = person_in(call);
  if (!person) return pass_on(person);
  auto& organizations = call.services.accounts.organizations;
  const auto set = organizations.set_member(call.organization, *person, *role, call.actor());
  if (!set) return pass_on(set);
  const auto members = organizations.members(call.organization.id);
  if (!members) return pass_on(members);
  return http::json(200, boost::json::object{
                             {"org", {{"name", call.organization.name}, {"size", members->size()}}},
                             {"user", person->name},
                             {"role", accounts::npm_role(*role)}});
}

Result<http::Response> remove_member(const Call& call) {
  const auto person = person_in(call);
  if (!person) return pass_on(person);
  const auto removed =
      call.services.accounts.organizations.remove_member(call.organization, *person, call.actor());
  if (!removed) return pass_on(removed);
  return http::no_content();
}

Result<http::Response> list_groups(const Call& call) {
  const auto groups = call.services.accounts.groups.list(call.organization.id);
  if (!groups) return pass_on(groups);
  boost::json::array names;
  for (const accounts::Group& group : *groups) {
    names.emplace_back(fmt::format("{}:{}", call.organization.name, group.name));
  }
  return http::json(200, names);
}

Result<http::Response> create_group(const Call& call) {
  const auto name = member(call, "name");
  if (!name) return pass_on(name);
  const auto group = call.services.accounts.groups.create(call.organization, *name, call.actor());
  if (!group) return pass_on(group);
  return http::json(201, boost::json::object{{"name", group->name}});
}

Result<http::Response> remove_group(const Call& call) {
  const auto group = group_of(call);
  if (!group) return pass_on(group);
  const auto removed =
      call.services.accounts.groups.remove(call.organization, *group, call.actor());
  if (!removed) return pass_on(removed);
  return http::no_content();
}

Result<http::Response> list_group(const Call& call) {
  const auto group = group_of(call);
  if (!group) return pass_on(group);
  const auto members = call.services.accounts.groups.members(*group);
  if (!members) return pass_on(members);
  boost::json::array people;
  for (const accounts::Member& one : *members) people.emplace_back(one.name);
  return http::json(200, people);
}

Result<http::Response> add_to_group(const Call& call) {
  const auto group = group_of(call);
  if (!group) return pass_on(group);
  const auto person = person_in(call);
  if (!person) return pass_on(person);
  const auto added =
      call.services.accounts.groups.add(call.organization, *group, *person, call.actor());
  if (!added) return pass_on(added);
  return http::json(201, boost::json::object{{"user", person->name}});
}

Result<http::Response> remove_from_group(const Call& call) {
  const auto group = group_of(call);
  if (!group) return pass_on(group);
  const auto person = person_in(call);
  if (!person) return pass_on(person);
  const auto removed =
      call.services.accounts.groups.remove_person(call.organization, *group, *person, call.actor());
  if (!removed) return pass_on(removed);
  return http::no_content();
}

/// Every member may write every package of the organisation.
Result<http::Response> list_packages_of(const Call& call) {
  const auto names =
      call.services.database.read([&](db::Session& session) -> Result<std::vector<std::string>> {
        return packages_owned_by(session, call.organization.id);
      });
  if (!names) return pass_on(names);
  boost::json::object packages;
  for (const std::string& name : *names) {
    if (call.requester.reaches(name)) packages[name] = "write";
  }
  return http::json(200, packages);
}

/// What a person maintains, as far as whoever asks may read it: nothing, too, of nobody.
http::Response list_packages_of_person(RegistryServices& services, const http::Request& request) {
  const auto requester = Requester::identify(services, request);
  if (!requester) return accounts::refusal_response(requester.error());
  if (const auto person = services.accounts.authenticator.require_person(request); !person) {
    return accounts::refusal_response(person.error());
  }
  const std::string& person = request.param("user");
  const auto packages =
      services.database.read([&](db::Session& session) -> Result<boost::json::object> {
        boost::json::object found;
        for (const std::string& name : packages_maintained_by(session, person)) {
          const auto package = find_package(session, name);
          const Caller caller = requester->reaches(name) ? requester->rights() : Caller{};
          if (package && may_read(caller, access_of(session, *package))) found[name] = "write";
        }
        return found;
      });
  return packages ? http::json(200, *packages) : http::failure(packages.error());
}

}  // namespace

void add_organization_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](Kind kind, std::string action, Act act) -> http::Handler {
    return [&services, kind, action = std::move(action),
            act = std::move(act)](const http::Request& request) {
      return answer(services, request, kind, action, act);
    };
  };
  const auto reads = [&](Act act) {
    return bind(Kind::reads, "organization.read", std::move(act));
  };
  const auto changes = [&](std::string action, Act act) {
    return bind(Kind::changes, std::move(action), std::move(act));
  };
  constexpr std::string_view members = "/-/org/{organization}/user";
  router.add(http::Method::get, members, reads(list_members));
  router.add(http::Method::put, members, changes("organization.member_set", set_member));
  router.add(http::Method::del, members,
             bind(Kind::removes_member, "organization.member_remove", remove_member));
  // npm's word for a group is "team".
  constexpr std::string_view groups = "/-/org/{organization}/team";
  router.add(http::Method::get, groups, reads(list_groups));
  router.add(http::Method::put, groups, changes("group.create", create_group));
  router.add(http::Method::del, "/-/team/{organization}/{team}",
             changes("group.delete", remove_group));
  constexpr std::string_view people = "/-/team/{organization}/{team}/user";
  router.add(http::Method::get, people, reads(list_group));
  router.add(http::Method::put, people, changes("group.member_add", add_to_group));
  router.add(http::Method::del, people, changes("group.member_remove", remove_from_group));
  router.add(http::Method::get, "/-/org/{organization}/package", reads(list_packages_of));
  router.add(http::Method::get, "/-/user/{user}/package",
             [&services](const http::Request& request) {
               return list_packages_of_person(services, request);
             });
}

}  // namespace imp::registry
