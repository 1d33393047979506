#include <boost/json.hpp>

#include "http/response.h"
#include "registry/api/guarded_change.h"
#include "registry/api/routes.h"
#include "registry/packages/refusal.h"
#include "registry/packages/store.h"
#include "registry/publish/tag_change.h"

namespace imp::registry {

namespace {

http::Response list(RegistryServices& services, const http::Request& request) {
  const auto name = addressed_package(request);
  if (!name) return http::failure(name.error());
  const auto requester = Requester::identify(services, request);
  if (!requester) return accounts::refusal_response(requester.error());
  const auto rights = requester->rights_to_read(*name);
  if (!rights) return accounts::refusal_response(rights.error());
  const auto visible = services.reader.package(*name, *rights);
  if (!visible) return http::failure(visible.error());
  const auto tags =
      services.database.read([&](db::Session& session) -> Result<boost::json::object> {
        boost::json::object found;
        if (const auto package = find_package(session, name->text())) {
          for (const auto& [tag, version] : dist_tags_of(session, package->id))
            found[tag] = version;
        }
        return found;
      });
  return tags ? http::json(200, *tags) : http::failure(tags.error());
}

/// The body of a tag's PUT: the version as one JSON string.
Result<std::string> version_in(const http::Request& request) {
  boost::system::error_code error;
  const boost::json::value body = boost::json::parse(request.body, error);
  if (error || !body.is_string()) {
    return refuse(PackageRefusal::invalid_version,
                  "The body must be the version as a JSON string, such as \"1.2.3\".");
  }
  return std::string(body.as_string());
}

ChangeRule rule(const http::Request& request, std::string action) {
  return {.action = std::move(action),
          .needs = ChangeRule::Needs::publish_token_or_person,
          .use = trust::PublishAction::dist_tag,
          .change = request.param("tag"),
          .detail = {{"tag", request.param("tag")}}};
}

http::Response set(RegistryServices& services, const http::Request& request) {
  const auto version = version_in(request);
  if (!version) return http::failure(version.error());
  ChangeRule needed = rule(request, "dist_tag.set");
  needed.change += " to " + *version;
  needed.detail["version"] = *version;
  return change_package(
      services, request, needed,
      [&](db::Session& session, const PackageName& name, const Caller& caller, Time now) {
        return tag_version(session, name, request.param("tag"), *version, caller, now);
      });
}

http::Response remove(RegistryServices& services, const http::Request& request) {
  return change_package(
      services, request, rule(request, "dist_tag.remove"),
      [&](db::Session& session, const PackageName& name, const Caller& caller, Time now) {
        return untag(session, name, request.param("tag"), caller, now);
      });
}

}  // namespace

void add_dist_tag_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
  };
  router.add(http::Method::get, "/-/package/{package}/dist-tags", bind(list));
  router.add(http::Method::put, "/-/package/{package}/dist-tags/{tag}", bind(set));
  router.add(http::Method::del, "/-/package/{package}/dist-tags/{tag}", bind(remove));
}

}  // namespace imp::registry
