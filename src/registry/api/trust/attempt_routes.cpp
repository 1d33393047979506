#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "http/response.h"
#include "registry/api/refusals.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/api/trust/seen_attempts.h"
#include "registry/api/trust/trust_place.h"
#include "registry/trust/attempt.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

namespace {

constexpr int kMostListed = trust::kKeptAttempts + trust::kKeptUnproved;

std::unexpected<Failure> not_found() {
  return refuse(trust::TrustRefusal::attempt_not_found,
                "No package that you govern, or prepared, has such an attempt: ids are on the "
                "package's settings "
                "page, and of those that are older the audit log knows.");
}

int limit_of(const http::Request& request) {
  const auto text = request.query("limit");
  int limit = kMostListed;
  if (text) std::from_chars(text->data(), text->data() + text->size(), limit);
  return std::clamp(limit, 1, kMostListed);
}

http::Response list(RegistryServices& services, const http::Request& request) {
  const auto name = addressed_package(request);
  if (!name) return http::failure(name.error());
  const std::string subject = "package:" + name->text();
  const auto requester = Requester::identify(services, request);
  if (!requester) return refused(services, nullptr, "trust.attempts", subject, requester.error());
  const auto place = governed_place(services, *requester, *name);
  if (!place) return refused(services, &*requester, "trust.attempts", subject, place.error());
  boost::json::array items;
  const auto read = services.database.read([&](db::Session& session) -> Result<void> {
    SeenAttempts seen(session, *name, *place, requester->rights());
    for (const auto& attempt : seen.list(limit_of(request))) {
      items.push_back(trust::attempt_json(attempt));
    }
    return {};
  });
  return read ? http::json(200, items) : http::failure(read.error());
}

/// The attempt, for who governs its package, or prepared it. To everybody else it does not exist.
Result<boost::json::object> explained(RegistryServices& services, const Requester& requester,
                                      const std::string& id) {
  return services.database.read([&](db::Session& session) -> Result<boost::json::object> {
    const auto attempt = trust::attempt_by_id(session, id);
    const auto name =
        attempt ? PackageName::for_read(attempt->package_name) : Result<PackageName>(not_found());
    if (!name) return not_found();
    const auto place = governed_place(session, requester.rights(), *name);
    if (!place) return not_found();
    SeenAttempts seen(session, *name, *place, requester.rights());
    const auto shown = seen.one(*attempt);
    if (!shown) return not_found();
    boost::json::object json = trust::attempt_json(*shown);
    auto behind = trust::exchange_behind(session, *attempt);
    if (behind) behind = seen.one(std::move(*behind));
    if (behind) json["exchange"] = trust::attempt_json(*behind);
    return json;
  });
}

http::Response explain(RegistryServices& services, const http::Request& request) {
  const std::string& id = request.param("id");
  const std::string subject = "attempt:" + id;
  const auto requester = Requester::identify(services, request);
  if (!requester) return refused(services, nullptr, "trust.explain", subject, requester.error());
  if (const auto may = requester->may_govern(); !may) {
    return refused(services, &*requester, "trust.explain", subject, may.error());
  }
  auto json = explained(services, *requester, id);
  const std::string& package = request.param("package");
  if (json && !package.empty() && (*json)["package"] != boost::json::value(package)) {
    json = not_found();
  }
  return json ? http::json(200, *json)
              : refused(services, &*requester, "trust.explain", subject, json.error());
}

}  // namespace

void add_attempt_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
  };
  router.add(http::Method::get, "/-/package/{package}/trust/attempts", bind(list));
  router.add(http::Method::get, "/-/package/{package}/trust/attempts/{id}", bind(explain));
  router.add(http::Method::get, "/-/trust/attempts/{id}", bind(explain));
}

}  // namespace imp::registry
