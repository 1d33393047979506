#include <boost/json/array.hpp>

#include "ci/api/endpoint.h"

namespace imp::ci {
namespace {

Result<http::Response> show_me(const Call& call) {
  const accounts::Person& person = call.person();
  return http::json(
      200, boost::json::object{{"id", person.id},
                               {"login", person.name},
                               {"name", person.fullname.empty() ? person.name : person.fullname},
                               {"avatar_url", nullptr}});
}

/// A bare array, unlike every other list of the API; and "vcs-type" as CircleCI writes it here.
Result<http::Response> list_collaborations(const Call& call) {
  const auto memberships = call.services.accounts.organizations.of_person(call.person().id);
  if (!memberships) return pass_on(memberships);
  boost::json::array list;
  for (const accounts::Membership& membership : *memberships) {
    list.push_back({{"id", membership.organization.id},
                    {"vcs-type", membership.organization.vcs_type},
                    {"name", membership.organization.name},
                    {"avatar_url", nullptr},
                    {"slug", membership.organization.slug}});
  }
  return http::json(200, list);
}

}  // namespace

void add_me_routes(http::Router& router, CiServices& services) {
  add_endpoint(router, services, http::Method::get, "/api/v2/me", show_me);
  add_endpoint(router, services, http::Method::get, "/api/v2/me/collaborations",
               list_collaborations);
}

}  // namespace imp::ci
