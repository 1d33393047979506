#include <boost/json.hpp>

#include "http/response.h"
#include "registry/api/guarded_change.h"
#include "registry/api/routes.h"
#include "registry/publish/refusal.h"
#include "registry/publish/revision_put.h"
#include "registry/publish/unpublish.h"

namespace imp::registry {

namespace {

constexpr std::size_t kDocumentLimit = 64 * 1024 * 1024;  // npm sends the whole packument back

/// What `npm owner` needs to know of the people it names.
class Directory final : public PersonLookup {
 public:
  std::optional<Person> find(db::Session& session, std::string_view name) const override {
    const auto person = accounts::find_person_by_name(session, name);
    if (!person) return std::nullopt;
    return Person{person->name, person->email};
  }
};

ChangeRule rule(std::string action) { return {.action = std::move(action), .status = 201}; }

http::Response put_document(RegistryServices& services, const http::Request& request) {
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(request.body, error);
  if (error || !document.is_object()) {
    return http::failure(refuse(PublishRefusal::malformed_json,
                                "The body must be a JSON object: the packument to put.")
                             .error());
  }
  const bool owners = !document.as_object().contains("versions");
  ChangeRule needed = rule(owners ? "package.owners" : "package.unpublish");
  if (owners) needed.needs = ChangeRule::Needs::governing_person;
  return change_package(
      services, request, needed,
      [&](db::Session& session, const PackageName& name, const Caller& caller, Time now) {
        return put_revision(session, name, request.param("rev"), document.as_object(), Directory(),
                            caller, now);
      });
}

http::Response delete_package(RegistryServices& services, const http::Request& request) {
  return change_package(
      services, request, rule("package.unpublish"),
      [&](db::Session& session, const PackageName& name, const Caller& caller, Time now) {
        return unpublish_all(session, name, request.param("rev"), caller, now);
      });
}

http::Response delete_tarball(RegistryServices& services, const http::Request& request) {
  return change_package(
      services, request, rule("package.unpublish"),
      [&](db::Session& session, const PackageName& name, const Caller& caller, Time) {
        return confirm_tarball_gone(session, name, request.param("file"), caller);
      });
}

}  // namespace

void add_unpublish_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
  };
  http::RouteOptions document;
  document.body_limit = kDocumentLimit;
  router.add(http::Method::put, "/{package}/-rev/{rev}", bind(put_document), document);
  router.add(http::Method::del, "/{package}/-rev/{rev}", bind(delete_package));
  router.add(http::Method::del, "/{package}/-/{file}/-rev/{rev}", bind(delete_tarball));
}

}  // namespace imp::registry
