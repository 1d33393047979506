#include "ci/api/endpoint.h"

#include <fmt/format.h>

#include <utility>

#include "base/uuid.h"
#include "jose/strict_json.h"

namespace imp::ci {
namespace {

std::unexpected<Failure> invalid_member(std::string_view name) {
  return refuse(ApiRefusal::malformed_body,
                fmt::format("\"{}\" in the request's body is a string.", name));
}

/// CircleCI's clients may send their token as `?circle-token=`. A credential in a header wins.
Result<accounts::Caller> recognise(CiServices& services, const http::Request& request) {
  const auto token = request.query("circle-token");
  if (!token || request.has_header("authorization") || request.has_header("circle-token")) {
    return services.accounts.authenticator.require_person(request);
  }
  http::Request with_header = request;
  with_header.headers.emplace_back("Circle-Token", *token);
  return services.accounts.authenticator.require_person(with_header);
}

Result<http::Response> respond(CiServices& services, const http::Request& request,
                               const Endpoint& endpoint, std::string_view pattern) {
  auto caller = recognise(services, request);
  if (!caller) return pass_on(caller);
  const bool reading = request.method == http::Method::get || request.method == http::Method::head;
  const bool may = reading ? caller->reads_fully() : caller->acts_fully();
  const Call call{services, request, std::move(*caller)};
  auto response =
      may ? endpoint(call)
          : Result<http::Response>(
                refuse(ApiRefusal::not_permitted,
                       "This credential is not meant for the CI API: use a personal token that "
                       "is not limited to packages, or to reading."));
  if (!response && response.error().kind() == FailureKind::forbidden) {
    services.accounts.trail.refused(call.caller.actor(), "ci.api",
                                    fmt::format("{} {}", http::name(request.method), pattern),
                                    response.error());
  }
  return response;
}

Result<Project> project_of_path(const Call& call) {
  const std::string& id = call.param("project_id");
  if (!id.empty()) return call.services.projects.find(id);
  return call.services.projects.find_by_slug(fmt::format(
      "{}/{}/{}", call.param("provider"), call.param("organization"), call.param("project")));
}

std::unexpected<Failure> admins_only() {
  return refuse(ApiRefusal::not_permitted, "Only administrators of the organization may do this.");
}

}  // namespace

Reason reason(ApiRefusal refusal) {
  switch (refusal) {
    case ApiRefusal::not_permitted:
      return {"not_permitted", FailureKind::forbidden};
    case ApiRefusal::context_forbidden:
      return {"context_forbidden", FailureKind::forbidden};
    case ApiRefusal::organization_hidden:
      return {"organization_not_found", FailureKind::not_found};
    case ApiRefusal::malformed_body:
      return {"malformed_body", FailureKind::invalid};
    case ApiRefusal::missing_parameter:
      return {"missing_parameter", FailureKind::invalid};
    case ApiRefusal::invalid_parameter:
      return {"invalid_parameter", FailureKind::invalid};
    case ApiRefusal::unknown_setting:
      return {"unknown_setting", FailureKind::invalid};
    case ApiRefusal::unsupported_setting:
      return {"unsupported_setting", FailureKind::invalid};
  }
  return {"internal", FailureKind::internal};
}

void add_endpoint(http::Router& router, CiServices& services, http::Method method,
                  std::string_view pattern, Endpoint endpoint, http::RouteOptions options) {
  router.add(
      method, pattern,
      [&services, endpoint = std::move(endpoint),
       pattern = std::string(pattern)](const http::Request& request) {
        auto response = respond(services, request, endpoint, pattern);
        return response ? std::move(*response) : accounts::refusal_response(response.error());
      },
      options);
}

Result<boost::json::object> body_of(const Call& call) {
  auto object = jose::parse_strict_object(call.request.body, {.depth = 16, .values = 1000});
  if (!object) {
    return refuse(ApiRefusal::malformed_body,
                  fmt::format("The request's body is not a JSON object: {}.", object.error()));
  }
  return std::move(*object);
}

Result<std::string> required_text(const boost::json::object& body, std::string_view name) {
  auto text = optional_text(body, name);
  if (!text) return pass_on(text);
  if (!*text) {
    return refuse(ApiRefusal::malformed_body,
                  fmt::format("The request's body lacks \"{}\".", name));
  }
  return std::move(**text);
}

Result<std::optional<std::string>> optional_text(const boost::json::object& body,
                                                 std::string_view name) {
  const auto* value = body.if_contains(name);
  if (!value || value->is_null()) return std::nullopt;
  const auto* text = value->if_string();
  if (!text) return invalid_member(name);
  return std::string(*text);
}

Result<Standing> standing_in(const Call& call, std::string_view organization_id) {
  const auto role = call.services.accounts.organizations.role(organization_id, call.person().id);
  if (!role) return pass_on(role);
  const bool admin = call.person().is_admin || *role == accounts::Role::admin;
  return Standing{.member = admin || role->has_value(), .admin = admin};
}

std::function<bool()> membership(const Call& call, std::string organization_id) {
  return [&accounts = call.services.accounts, organization_id = std::move(organization_id),
          person_id = call.person().id] {
    const auto role = accounts.organizations.role(organization_id, person_id);
    if (!role) return false;
    if (role->has_value()) return true;
    const auto person = accounts.people.by_id(person_id);
    return person && person->is_admin;
  };
}

Result<accounts::Organization> organization_for_member(const Call& call, std::string_view any) {
  const auto hidden = [] {
    return refuse(ApiRefusal::organization_hidden, "Organization not found.");
  };
  auto organization = call.services.accounts.organizations.by_any(any);
  if (!organization) {
    if (organization.error().kind() == FailureKind::not_found) return hidden();
    return organization;
  }
  const auto standing = standing_in(call, organization->id);
  if (!standing) return pass_on(standing);
  if (!standing->member) return hidden();
  return organization;
}

Result<accounts::Organization> organization_for_admin(const Call& call, std::string_view any) {
  auto organization = organization_for_member(call, any);
  if (!organization) return organization;
  const auto standing = standing_in(call, organization->id);
  if (!standing) return pass_on(standing);
  if (!standing->admin) return admins_only();
  return organization;
}

Result<Project> project_for_member(const Call& call) {
  auto project = project_of_path(call);
  if (!project) return project;
  const auto standing = standing_in(call, project->organization_id);
  if (!standing) return pass_on(standing);
  if (!standing->member) {
    return refuse(ProjectRefusal::project_not_found, "There is no such project.");
  }
  return project;
}

Result<Project> project_for_admin(const Call& call) {
  auto project = project_for_member(call);
  if (!project) return project;
  const auto standing = standing_in(call, project->organization_id);
  if (!standing) return pass_on(standing);
  if (!standing->admin) return admins_only();
  return project;
}

Result<ContextCall> context_for_member(const Call& call) {
  const auto forbidden = [] {
    return refuse(ApiRefusal::context_forbidden,
                  "There is no such context, or it is not one of your organizations'.");
  };
  auto context = call.services.contexts.find(call.param("context_id"));
  if (!context) {
    if (context.error().kind() == FailureKind::not_found) return forbidden();
    return pass_on(context);
  }
  const auto standing = standing_in(call, context->organization_id);
  if (!standing) return pass_on(standing);
  if (!standing->member) return forbidden();
  return ContextCall{std::move(*context), *standing};
}

}  // namespace imp::ci
