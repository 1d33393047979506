#include "http/response.h"
#include "registry/api/refusals.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/api/trust/trust_checks.h"

namespace imp::registry {

namespace {

http::Response check(RegistryServices& services, const http::Request& request) {
  const auto name = addressed_package(request);
  if (!name) return http::failure(name.error());
  const std::string subject = "package:" + name->text();
  const auto requester = Requester::identify(services, request);
  if (!requester) return refused(services, nullptr, "trust.check", subject, requester.error());
  auto question = read_trust_question(request.body);
  if (!question) return http::failure(question.error());
  const auto answer = check_trust(services, *requester, *name, std::move(*question));
  if (!answer) return refused(services, &*requester, "trust.check", subject, answer.error());
  return http::json(200, answer->to_json(services.issuers));
}

}  // namespace

void add_trust_check_routes(http::Router& router, RegistryServices& services) {
  router.add(http::Method::post, "/-/package/{package}/trust/check",
             [&services](const http::Request& request) { return check(services, request); });
}

}  // namespace imp::registry
