#include <boost/json.hpp>

#include "http/response.h"
#include "registry/api/packages/switch_changes.h"
#include "registry/api/refusals.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"

namespace imp::registry {

namespace {

constexpr std::string_view kAction = "switch.set";

Result<SwitchWishes> parse(const std::string& body) {
  const auto bad = [](std::string message) {
    return refuse(SwitchRefusal::invalid_switches, std::move(message));
  };
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(body, error);
  if (error || !document.is_object() || document.get_object().empty()) {
    return bad("The body must be like {\"trustedOnly\": true, \"stagedOnly\": false}.");
  }
  SwitchWishes wishes;
  for (const auto& member : document.get_object()) {
    const auto which = switch_from(member.key());
    if (!which || !member.value().is_bool()) {
      return bad(
          fmt::format("\"{}\" is not understood: there are trustedOnly, stagedOnly and "
                      "secondFactor, each true or false.",
                      std::string_view(member.key())));
    }
    wishes.emplace_back(*which, member.value().get_bool());
  }
  return wishes;
}

http::Response show(RegistryServices& services, const http::Request& request) {
  const auto target = addressed_target(request);
  if (!target) return http::failure(target.error());
  const auto requester = Requester::identify(services, request);
  if (!requester) {
    return refused(services, nullptr, kAction, subject_of(*target), requester.error());
  }
  const auto states = switches_for(services, *requester, *target);
  if (states) return http::json(200, switches_json(*states));
  return refused(services, &*requester, kAction, subject_of(*target), states.error());
}

http::Response set(RegistryServices& services, const http::Request& request) {
  const auto target = addressed_target(request);
  if (!target) return http::failure(target.error());
  // What is wrong with it is said before a code is asked for and used up.
  const auto wishes = parse(request.body);
  const std::string subject = subject_of(*target);
  if (!wishes) return refused(services, nullptr, kAction, subject, wishes.error());
  const auto requester = Requester::identify(services, request);
  if (!requester) return refused(services, nullptr, kAction, subject, requester.error());
  const auto before = switches_for(services, *requester, *target);
  if (!before) return refused(services, &*requester, kAction, subject, before.error());
  if (auto challenge = second_factor(services, request, *requester, std::string(kAction),
                                     switch_subject(*target, *wishes), Without::refuse)) {
    return std::move(*challenge);
  }
  const auto states = set_switches(services, *requester, *target, *wishes);
  if (states) return http::json(200, switches_json(*states));
  return refused(services, &*requester, kAction, subject, states.error());
}

}  // namespace

void add_switch_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
  };
  router.add(http::Method::get, "/-/package/{package}/publish-switches", bind(show));
  router.add(http::Method::put, "/-/package/{package}/publish-switches", bind(set));
  router.add(http::Method::get, "/-/org/{organization}/publish-switches", bind(show));
  router.add(http::Method::put, "/-/org/{organization}/publish-switches", bind(set));
}

}  // namespace imp::registry
