#include <boost/json.hpp>

#include "accounts/groups.h"
#include "http/response.h"
#include "registry/api/refusals.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/api/staging/stage_policy_changes.h"
#include "registry/api/staging/stage_state.h"
#include "registry/packages/refusal.h"
#include "registry/packages/store.h"
#include "registry/staging/stage_life.h"

namespace imp::registry {

namespace {

constexpr std::string_view kAction = "stage.policy";

boost::json::object form(const StagePolicy& policy, const std::string& group_name) {
  boost::json::object document = policy.to_json();
  document["group"] =
      group_name.empty() ? boost::json::value(nullptr) : boost::json::value(group_name);
  document["text"] = policy.text();
  return document;
}

/// The looser one that is to come, with the name of its group; null when there is none.
boost::json::value form(RegistryServices& services, const std::optional<std::string>& organization,
                        const std::optional<PolicyToCome>& next) {
  if (!next) return nullptr;
  std::string group_name;
  if (organization && !next->policy.group.empty()) {
    const auto group = services.accounts.groups.by_id(*organization, next->policy.group);
    if (group) group_name = group->name;
  }
  boost::json::object document = form(next->policy, group_name);
  document["from"] = iso8601(next->from);
  return document;
}

std::unexpected<Failure> bad(std::string message) {
  return refuse(StageRefusal::invalid_stage_policy, std::move(message));
}

Result<PolicyRequest> parse(const std::string& body) {
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(body, error);
  if (error || !document.is_object()) {
    return bad("The body must be {\"approvals\": 2, \"differentPerson\": true, \"group\": null}.");
  }
  PolicyRequest wanted;
  for (const auto& member : document.get_object()) {
    const boost::json::value& value = member.value();
    if (member.key() == "approvals") {
      if (!value.is_int64()) return bad("\"approvals\" must be a whole number.");
      wanted.approvals = value.get_int64();
    } else if (member.key() == "differentPerson") {
      if (!value.is_bool()) return bad("\"differentPerson\" must be true or false.");
      wanted.different_person = value.get_bool();
    } else if (member.key() == "passkeysOnly") {
      if (!value.is_bool()) return bad("\"passkeysOnly\" must be true or false.");
      wanted.passkeys_only = value.get_bool();
    } else if (member.key() == "expiresAfter") {
      wanted.life = value.is_string() ? parse_life(value.get_string()) : std::nullopt;
      if (!wanted.life) {
        return bad(fmt::format("\"expiresAfter\" must be {}.", allowed_lives()));
      }
    } else if (member.key() == "group") {
      if (value.is_null()) continue;
      if (!value.is_string()) return bad("\"group\" must be a group's name or null.");
      wanted.group_name = value.get_string();
    } else {
      return bad(
          fmt::format("There is no \"{}\" in a policy: it has approvals, differentPerson, "
                      "group, passkeysOnly and expiresAfter.",
                      std::string_view(member.key())));
    }
  }
  return wanted;
}

/// Somebody who governs the package or organisation.
struct Governed {
  Requester requester;
  GovernedPlace place;
};

std::expected<Governed, http::Response> govern(RegistryServices& services,
                                               const http::Request& request) {
  const bool of_package = !request.param("package").empty();
  const std::string subject = of_package ? "package:" + request.param("package")
                                         : "organization:" + request.param("organization");
  auto requester = Requester::identify(services, request);
  if (!requester) {
    return std::unexpected(refused(services, nullptr, kAction, subject, requester.error()));
  }
  auto place = addressed_place(services, *requester, request);
  if (!place) {
    return std::unexpected(refused(services, &*requester, kAction, subject, place.error()));
  }
  return Governed{std::move(*requester), std::move(*place)};
}

/// What binds a package, with the two policies that it comes of.
http::Response show_package(RegistryServices& services, const GovernedPlace& place) {
  const auto package = services.database.read([&](db::Session& session) -> Result<Package> {
    auto found = find_package(session, place.name);
    if (found) return std::move(*found);
    return refuse(PackageRefusal::package_not_found, "The package is no more.");
  });
  if (!package) return http::failure(package.error());
  const auto state = stage_state(services, *package);
  if (!state) return http::failure(state.error());
  boost::json::object document = form(state->policy, state->group_name);
  document["own"] = state->own.text();
  document["organization"] =
      state->scope ? boost::json::value(state->scope->text()) : boost::json::value(nullptr);
  document["next"] = form(services, package->owner, state->to_come);
  return http::json(200, document);
}

http::Response show_organization(RegistryServices& services, const GovernedPlace& place) {
  const auto found = scope_policy(services, place);
  if (!found) return http::failure(found.error());
  boost::json::object document = form(found->policy, found->group_name);
  document["next"] = form(services, place.organization, found->to_come);
  return http::json(200, document);
}

http::Response show_place(RegistryServices& services, const GovernedPlace& place) {
  return place.kind == GovernedPlace::Kind::package ? show_package(services, place)
                                                    : show_organization(services, place);
}

http::Response show(RegistryServices& services, const http::Request& request) {
  const auto governed = govern(services, request);
  if (!governed) return governed.error();
  return show_place(services, governed->place);
}

http::Response set(RegistryServices& services, const http::Request& request) {
  const auto governed = govern(services, request);
  if (!governed) return governed.error();
  // What is wrong with it is said before a code is asked for and used up.
  const auto wanted = parse(request.body);
  const auto subject =
      wanted ? policy_subject(services, governed->place, *wanted) : pass_on(wanted);
  if (!subject) {
    return refused(services, &governed->requester, kAction, governed->place.subject(),
                   subject.error());
  }
  if (auto challenge = second_factor(services, request, governed->requester, std::string(kAction),
                                     *subject, Without::refuse)) {
    return std::move(*challenge);
  }
  const auto policy = set_stage_policy(services, governed->requester, governed->place, *wanted);
  if (!policy) {
    return refused(services, &governed->requester, kAction, governed->place.subject(),
                   policy.error());
  }
  return show_place(services, governed->place);
}

http::Response clear(RegistryServices& services, const http::Request& request) {
  const auto governed = govern(services, request);
  if (!governed) return governed.error();
  const auto subject = policy_subject(services, governed->place, std::nullopt);
  if (!subject) return http::failure(subject.error());
  if (auto challenge = second_factor(services, request, governed->requester, std::string(kAction),
                                     *subject, Without::refuse)) {
    return std::move(*challenge);
  }
  if (const auto done = clear_stage_policy(services, governed->requester, governed->place); !done) {
    return refused(services, &governed->requester, kAction, governed->place.subject(),
                   done.error());
  }
  return show_place(services, governed->place);
}

}  // namespace

void add_stage_policy_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
  };
  constexpr std::string_view package = "/-/package/{package}/stage-policy";
  constexpr std::string_view organization = "/-/org/{organization}/stage-policy";
  router.add(http::Method::get, package, bind(show));
  router.add(http::Method::put, package, bind(set));
  router.add(http::Method::del, package, bind(clear));
  router.add(http::Method::get, organization, bind(show));
  router.add(http::Method::put, organization, bind(set));
  router.add(http::Method::del, organization, bind(clear));
}

}  // namespace imp::registry
