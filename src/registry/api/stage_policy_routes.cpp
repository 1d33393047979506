#include <boost/json.hpp>

#include "http/response.h"
#include "registry/api/refusals.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/api/stage_policy_changes.h"
#include "registry/api/stage_state.h"
#include "registry/api/trust_changes.h"

namespace imp::registry {

namespace {

constexpr std::string_view kAction = "stage.policy";

http::Response answer(const StagePolicy& policy, const std::string& group_name) {
  boost::json::object document = policy.to_json();
  document["group"] =
      group_name.empty() ? boost::json::value(nullptr) : boost::json::value(group_name);
  document["text"] = policy.text();
  return http::json(200, document);
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
    } else if (member.key() == "group") {
      if (value.is_null()) continue;
      if (!value.is_string()) return bad("\"group\" must be a team's name or null.");
      wanted.group_name = value.get_string();
    } else {
      return bad(
          fmt::format("There is no \"{}\" in a policy: it has approvals, differentPerson "
                      "and group.",
                      std::string_view(member.key())));
    }
  }
  return wanted;
}

/// Somebody who governs the package.
struct Governed {
  PackageName name;
  Requester requester;
  Package package;
};
std::expected<Governed, http::Response> govern(RegistryServices& services,
                                               const http::Request& request) {
  const auto name = addressed_package(request);
  if (!name) return std::unexpected(http::failure(name.error()));
  const std::string subject = "package:" + name->text();
  auto requester = Requester::identify(services, request);
  if (!requester) {
    return std::unexpected(refused(services, nullptr, kAction, subject, requester.error()));
  }
  auto package = governed_package(services, *requester, *name);
  if (!package) {
    return std::unexpected(refused(services, &*requester, kAction, subject, package.error()));
  }
  return Governed{*name, std::move(*requester), std::move(*package)};
}

http::Response show(RegistryServices& services, const http::Request& request) {
  const auto governed = govern(services, request);
  if (!governed) return governed.error();
  const auto state = stage_state(services, governed->package);
  return state ? answer(state->policy, state->group_name) : http::failure(state.error());
}

http::Response set(RegistryServices& services, const http::Request& request) {
  // What is wrong with it is said before a code is asked for and used up.
  const auto wanted = parse(request.body);
  if (!wanted) return http::failure(wanted.error());
  const auto governed = govern(services, request);
  if (!governed) return governed.error();
  if (auto challenge = second_factor(services, request, governed->requester, std::string(kAction),
                                     governed->name.text(), Without::refuse)) {
    return std::move(*challenge);
  }
  const auto policy = set_stage_policy(services, governed->requester, governed->name, *wanted);
  if (policy) return answer(*policy, wanted->group_name);
  return refused(services, &governed->requester, kAction, "package:" + governed->name.text(),
                 policy.error());
}

}  // namespace

void add_stage_policy_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
  };
  router.add(http::Method::get, "/-/package/{package}/stage-policy", bind(show));
  router.add(http::Method::put, "/-/package/{package}/stage-policy", bind(set));
}

}  // namespace imp::registry
