#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ci/api/services.h"
#include "http/request.h"
#include "http/response.h"
#include "http/router.h"

namespace imp::ci {

enum class ApiRefusal {
  not_permitted,        ///< a member without the right
  context_forbidden,    ///< a context that does not exist, or not for this caller
  organization_hidden,  ///< an organisation that does not exist, or not for this caller
  malformed_body,
  missing_parameter,
  invalid_parameter,
  unknown_setting,
  unsupported_setting,
};
Reason reason(ApiRefusal refusal);

/// A request of a person who has been recognised.
struct Call {
  CiServices& services;
  const http::Request& request;
  accounts::Caller caller;

  const std::string& param(std::string_view name) const { return request.param(name); }
  const accounts::Person& person() const { return *caller.person; }
};

using Endpoint = std::function<Result<http::Response>(const Call&)>;

/// Adds a route for signed-in people, recognised by session, `Circle-Token`, Bearer, Basic or
/// `?circle-token=`. Methods other than GET need a credential that may act. A refusal becomes
/// CircleCI's v2 error body, {"message": …}, with "error" and "code" beside it; one for lack of
/// rights goes to the audit log.
void add_endpoint(http::Router& router, CiServices& services, http::Method method,
                  std::string_view pattern, Endpoint endpoint, http::RouteOptions options = {});

/// The request's body as one JSON object: strict, at most 16 levels and 1000 values.
Result<boost::json::object> body_of(const Call& call);
/// Members of a body, with a refusal that names the member when it is missing or of another type.
Result<std::string> required_text(const boost::json::object& body, std::string_view name);
/// Nothing when absent or null.
Result<std::optional<std::string>> optional_text(const boost::json::object& body,
                                                 std::string_view name);

/// What the caller is to an organisation. Administrators of the server are admins of each.
struct Standing {
  bool member = false;
  bool admin = false;
};
Result<Standing> standing_in(const Call& call, std::string_view organization_id);

/// Whether the caller belongs to an organisation, asked anew by each call: for answers that go on
/// for longer than the request. False also when it cannot be found out.
std::function<bool()> membership(const Call& call, std::string organization_id);

/// The organisation by id, slug or name, when the caller belongs to it; else 404.
Result<accounts::Organization> organization_for_member(const Call& call, std::string_view any);
/// The same, and 403 for members who are not admins.
Result<accounts::Organization> organization_for_admin(const Call& call, std::string_view any);

/// The project of the path (`{provider}/{organization}/{project}`, or `{project_id}`) when the
/// caller belongs to its organisation; else 404.
Result<Project> project_for_member(const Call& call);
/// The same, and 403 for members who are not admins.
Result<Project> project_for_admin(const Call& call);

/// The context of the path when the caller belongs to its organisation; else 403, whether it exists
/// or not.
struct ContextCall {
  Context context;
  Standing standing;
};
Result<ContextCall> context_for_member(const Call& call);

}  // namespace imp::ci
