#include <boost/json.hpp>
#include <charconv>

#include "audit/log.h"
#include "http/response.h"
#include "registry/api/governed_place.h"
#include "registry/api/refusals.h"
#include "registry/api/routes.h"

namespace imp::registry {

namespace {

std::int64_t number(const http::Request& request, std::string_view name) {
  const std::string text = request.query(name).value_or("");
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

http::Response list(RegistryServices& services, const http::Request& request) {
  const auto requester = Requester::identify(services, request);
  if (!requester) return refused(services, nullptr, "audit.read", "", requester.error());
  const auto place = governed_organization(services, *requester, request.param("organization"));
  if (!place) {
    return refused(services, &*requester, "audit.read",
                   "organization:" + request.param("organization"), place.error());
  }
  audit::Query query{.subject = request.query("subject").value_or(""),
                     .action_prefix = request.query("action").value_or(""),
                     .organization = place->id};
  if (const std::int64_t before = number(request, "before"); before > 0) query.before = before;
  if (const std::int64_t limit = number(request, "limit"); limit > 0) {
    query.limit = static_cast<unsigned>(std::min<std::int64_t>(limit, 1000));
  }
  const auto page = audit::list(services.database, query);
  if (!page) return http::failure(page.error());
  boost::json::array records;
  for (const audit::Entry& entry : page->entries) records.push_back(audit::to_json(entry));
  boost::json::object body{{"records", std::move(records)}};
  if (page->before) body["before"] = *page->before;
  return http::json(200, body);
}

}  // namespace

void add_organization_audit_routes(http::Router& router, RegistryServices& services) {
  router.add(http::Method::get, "/-/org/{organization}/audit",
             [&services](const http::Request& request) { return list(services, request); });
}

}  // namespace imp::registry
