#include <boost/json.hpp>

#include "http/response.h"
#include "registry/api/change_subject.h"
#include "registry/api/operator/administrator.h"
#include "registry/api/operator/freeze_changes.h"
#include "registry/api/refusals.h"
#include "registry/api/routes.h"
#include "registry/brakes/refusal.h"

namespace imp::registry {

namespace {

http::Response list(RegistryServices& services, const http::Request& request) {
  const auto requester = administrator(services, request, "freeze.list", "freezes");
  if (!requester) return requester.error();
  const auto all = services.database.read(
      [](db::Session& session) -> Result<std::vector<Freeze>> { return freezes(session); });
  if (!all) return http::failure(all.error());
  boost::json::array items;
  for (const Freeze& freeze : *all) items.push_back(freeze.to_json());
  return http::json(200, items);
}

/// What is asked for, and why.
struct FreezeRequest {
  FreezeTarget target;
  std::string reason;

  static Result<FreezeRequest> parse(const std::string& body) {
    boost::system::error_code error;
    const boost::json::value document = boost::json::parse(body, error);
    if (error || !document.is_object()) {
      return refuse(BrakeRefusal::invalid_freeze, "The body must be a JSON object.");
    }
    const boost::json::object& object = document.get_object();
    auto target = FreezeTarget::parse(object);
    if (!target) return pass_on(target);
    const boost::json::value* reason = object.if_contains("reason");
    return FreezeRequest{std::move(*target),
                         reason && reason->is_string() ? std::string(reason->get_string()) : ""};
  }
};

http::Response add(RegistryServices& services, const http::Request& request) {
  // What is wrong is said before a code is asked for and used up.
  const auto wanted = FreezeRequest::parse(request.body);
  if (!wanted) return http::failure(wanted.error());
  const std::string subject = wanted->target.subject();
  const auto requester = administrator(services, request, "freeze.add", subject,
                                       change_subject(wanted->target.text(), wanted->reason));
  if (!requester) return requester.error();
  const auto added = services.database.write([&](db::Session& session) -> Result<Freeze> {
    const Time now = services.clock.now();
    const auto still = still_administers(session, *requester, now);
    if (!still) return pass_on(still);
    return freeze(session, wanted->target, wanted->reason, requester->rights().person,
                  requester->audit_record("freeze.add", subject, now));
  });
  if (!added) return refused(services, &*requester, "freeze.add", subject, added.error());
  return http::json(201, added->to_json());
}

/// What is confirmed when a freeze is to end: of what; nothing for one that is not there.
Result<std::string> end_of(RegistryServices& services, const std::string& id) {
  return services.database.read([&](db::Session& session) -> Result<std::string> {
    for (const Freeze& freeze : freezes(session)) {
      if (freeze.id == id) return change_subject(freeze.target.text(), id);
    }
    return std::string();
  });
}

http::Response remove(RegistryServices& services, const http::Request& request) {
  const std::string& id = request.param("id");
  const std::string subject = "freeze:" + id;
  const auto confirms = end_of(services, id);
  if (!confirms) return http::failure(confirms.error());
  const auto requester = administrator(services, request, "freeze.remove", subject, *confirms);
  if (!requester) return requester.error();
  const auto removed = services.database.write([&](db::Session& session) -> Result<Freeze> {
    const Time now = services.clock.now();
    const auto still = still_administers(session, *requester, now);
    if (!still) return pass_on(still);
    return unfreeze(session, id, requester->audit_record("freeze.remove", subject, now));
  });
  if (!removed) return refused(services, &*requester, "freeze.remove", subject, removed.error());
  return http::no_content();
}

}  // namespace

void add_freeze_routes(http::Router& router, RegistryServices& services) {
  router.add(http::Method::get, "/-/freezes",
             [&services](const http::Request& request) { return list(services, request); });
  router.add(http::Method::post, "/-/freezes",
             [&services](const http::Request& request) { return add(services, request); });
  router.add(http::Method::del, "/-/freezes/{id}",
             [&services](const http::Request& request) { return remove(services, request); });
}

}  // namespace imp::registry
