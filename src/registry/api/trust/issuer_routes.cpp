#include <boost/json.hpp>

#include "audit/log.h"
#include "http/response.h"
#include "registry/api/change_subject.h"
#include "registry/api/operator/administrator.h"
#include "registry/api/refusals.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/api/trust/trust_changes.h"
#include "registry/trust/issuer_definition.h"
#include "registry/trust/issuer_table.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

namespace {

using Change = std::function<Result<void>(db::Session&, const Requester&, Time)>;

/// One change of the issuers with everything around it.
http::Response change(RegistryServices& services, const http::Request& request,
                      const std::string& action, const std::string& id, boost::json::object detail,
                      const Change& body, const std::string& confirms = {}) {
  const std::string subject = "issuer:" + id;
  const auto requester = administrator(services, request, action, subject, confirms);
  if (!requester) return requester.error();
  const auto done = services.database.write([&](db::Session& session) -> Result<void> {
    const Time now = services.clock.now();
    if (auto still = still_administers(session, *requester, now); !still) return still;
    services.issuers.refresh(session);
    if (auto changed = body(session, *requester, now); !changed) return changed;
    audit::Record record = requester->audit_record(action, subject, now);
    record.detail = detail;
    audit::append(session, record);
    return {};
  });
  if (!done) return refused(services, &*requester, action, subject, done.error());
  const auto refreshed = refresh_issuers(services);
  return refreshed ? http::no_content() : http::failure(refreshed.error());
}

http::Response list(RegistryServices& services, const http::Request& request) {
  const auto requester = administrator(services, request, "issuer.list", "issuers");
  if (!requester) return requester.error();
  if (const auto refreshed = refresh_issuers(services); !refreshed) {
    return http::failure(refreshed.error());
  }
  boost::json::array items;
  const auto issuers = services.issuers.all();
  for (const auto& issuer : *issuers) items.push_back(trust::issuer_json(*issuer));
  return http::json(200, items);
}

http::Response add(RegistryServices& services, const http::Request& request) {
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(request.body, error);
  // What is wrong is said before a code is asked for and used up.
  const auto issuer = !error && document.is_object()
                          ? trust::parse_issuer(document.get_object())
                          : Result<trust::Issuer>(refuse(trust::TrustRefusal::invalid_issuer,
                                                         "The body must be a JSON object."));
  if (!issuer) return refused(services, nullptr, "issuer.add", "issuer:", issuer.error());
  const boost::json::object defined = trust::issuer_json(*issuer);
  return change(
      services, request, "issuer.add", issuer->id, {{"issuer", defined}},
      [&](db::Session& session, const Requester& requester, Time now) {
        return trust::add_issuer(session, services.issuers, *issuer, requester.rights().person,
                                 now);
      },
      change_subject(issuer->id,
                     fmt::format("{}, {}", issuer->base_url, boost::json::serialize(defined))));
}

http::Response remove(RegistryServices& services, const http::Request& request) {
  const std::string id(request.param("id"));
  return change(services, request, "issuer.remove", id, {},
                [&](db::Session& session, const Requester&, Time) {
                  return trust::remove_issuer(session, services.issuers, id);
                });
}

http::Response freeze(RegistryServices& services, const http::Request& request, bool frozen) {
  const std::string id(request.param("id"));
  return change(services, request, frozen ? "issuer.freeze" : "issuer.unfreeze", id, {},
                [&](db::Session& session, const Requester&, Time now) {
                  return trust::freeze_issuer(session, services.issuers, id, frozen, now);
                });
}

}  // namespace

void add_issuer_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
  };
  router.add(http::Method::get, "/-/trust/issuers", bind(list));
  router.add(http::Method::post, "/-/trust/issuers", bind(add));
  router.add(http::Method::del, "/-/trust/issuers/{id}", bind(remove));
  router.add(http::Method::put, "/-/trust/issuers/{id}/freeze",
             [&services](const http::Request& request) { return freeze(services, request, true); });
  router.add(
      http::Method::del, "/-/trust/issuers/{id}/freeze",
      [&services](const http::Request& request) { return freeze(services, request, false); });
}

}  // namespace imp::registry
