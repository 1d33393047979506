#include <algorithm>
#include <boost/json.hpp>

#include "http/response.h"
#include "registry/api/guarded_change.h"
#include "registry/api/packages/switch_changes.h"
#include "registry/api/refusals.h"
#include "registry/api/routes.h"
#include "registry/publish/ownership.h"
#include "registry/publish/refusal.h"

namespace imp::registry {

namespace {

struct Readable {
  std::shared_ptr<const CachedPackage> package;
  Caller rights;
};

/// The package, when the requester may read it; what to answer otherwise.
std::expected<Readable, http::Response> readable(RegistryServices& services,
                                                 const http::Request& request) {
  const auto name = addressed_package(request);
  if (!name) return std::unexpected(http::failure(name.error()));
  const auto requester = Requester::identify(services, request);
  if (!requester) return std::unexpected(accounts::refusal_response(requester.error()));
  auto rights = requester->rights_to_read(*name);
  if (!rights) return std::unexpected(accounts::refusal_response(rights.error()));
  auto package = services.reader.package(*name, *rights);
  if (!package) return std::unexpected(http::failure(package.error()));
  return Readable{std::move(*package), std::move(*rights)};
}

http::Response visibility(RegistryServices& services, const http::Request& request) {
  const auto found = readable(services, request);
  if (!found) return found.error();
  // A CI job asks this to decide on automatic provenance, which would send name and digest of the
  // package to public transparency logs. What is published here is nobody else's business.
  const bool is_public = found->package->anonymous() && !trust::is_publish_token(request.bearer());
  return http::json(200, boost::json::object{{"public", is_public}});
}

http::Response collaborators(RegistryServices& services, const http::Request& request) {
  const auto found = readable(services, request);
  if (!found) return found.error();
  const PackageAccess& access = found->package->access;
  boost::json::object people;
  for (const std::string& maintainer : access.maintainers) people[maintainer] = "write";
  // Every member of the organisation may write. Who they are, only members are told.
  const bool inside =
      access.owner && std::ranges::any_of(found->rights.organizations, [&](const auto& membership) {
        return membership.organization == *access.owner;
      });
  if (inside) {
    const auto members = services.accounts.organizations.members(*access.owner);
    if (!members) return http::failure(members.error());
    for (const accounts::Member& member : *members) people[member.name] = "write";
  }
  return http::json(200, people);
}

Result<Access> access_in(const http::Request& request) {
  boost::system::error_code error;
  const boost::json::value body = boost::json::parse(request.body, error);
  const boost::json::value* word =
      !error && body.is_object() ? body.as_object().if_contains("access") : nullptr;
  const auto access = word && word->is_string() ? access_from(word->as_string()) : std::nullopt;
  if (access) return *access;
  return refuse(PublishRefusal::bad_field,
                "The body must be {\"access\": \"public\"} or {\"access\": \"restricted\"}.");
}

/// What `npm access set mfa=publish|automation|none` asks: whether a second factor is always
/// needed. Automation and none are the same here: people who have one are asked, but for tokens
/// made with bypass-2fa.
Result<std::optional<bool>> mfa_in(const http::Request& request) {
  boost::system::error_code error;
  const boost::json::value body = boost::json::parse(request.body, error);
  if (error || !body.is_object() || !body.get_object().contains("publish_requires_tfa")) {
    return std::nullopt;
  }
  const auto flag = [&](std::string_view name) -> std::optional<bool> {
    const boost::json::value* value = body.get_object().if_contains(name);
    if (!value) return false;
    return value->is_bool() ? std::optional(value->get_bool()) : std::nullopt;
  };
  const auto required = flag("publish_requires_tfa");
  const auto overridden = flag("automation_token_overrides_tfa");
  if (required && overridden) return std::optional(*required && !*overridden);
  return refuse(PublishRefusal::bad_field,
                "publish_requires_tfa and automation_token_overrides_tfa must be true or false.");
}

http::Response set_mfa(RegistryServices& services, const http::Request& request, bool on) {
  const auto name = addressed_package(request);
  if (!name) return http::failure(name.error());
  const std::string action = "switch.set", subject = "package:" + name->text();
  const auto requester = Requester::identify(services, request);
  if (!requester) return refused(services, nullptr, action, subject, requester.error());
  const auto before = switches_for(services, *requester, *name);
  if (!before) return refused(services, &*requester, action, subject, before.error());
  const SwitchWishes wishes{{PublishSwitch::second_factor, on}};
  if (auto challenge = second_factor(services, request, *requester, action,
                                     switch_subject(*name, wishes), Without::refuse)) {
    return std::move(*challenge);
  }
  const auto set = set_switches(services, *requester, *name, wishes);
  if (!set) return refused(services, &*requester, action, subject, set.error());
  return http::json(200, switches_json(*set));
}

http::Response set_access(RegistryServices& services, const http::Request& request) {
  const auto mfa = mfa_in(request);
  if (!mfa) return http::failure(mfa.error());
  if (*mfa) return set_mfa(services, request, **mfa);
  const auto access = access_in(request);
  if (!access) return http::failure(access.error());
  return change_package(
      services, request,
      {.action = "package.access",
       .needs = ChangeRule::Needs::governing_person,
       .change = std::string(name(*access)),
       .detail = {{"access", name(*access)}}},
      [&](db::Session& session, const PackageName& package, const Caller& caller, Time now) {
        return change_access(session, package, *access, caller, now);
      });
}

}  // namespace

void add_access_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
  };
  router.add(http::Method::get, "/-/package/{package}/visibility", bind(visibility));
  router.add(http::Method::get, "/-/package/{package}/collaborators", bind(collaborators));
  router.add(http::Method::post, "/-/package/{package}/access", bind(set_access));
}

}  // namespace imp::registry
