#include "testissuer/routes.h"

#include <boost/json.hpp>

#include "testissuer/key_trouble.h"
#include "testissuer/refusal.h"

namespace imp::testissuer {

namespace {

namespace json = boost::json;

bool is_json(const http::Request& request) {
  return request.header("content-type").starts_with("application/json");
}

http::Response not_json() {
  return http::failure(refuse(TestIssuerRefusal::invalid_token_request,
                              "Send JSON, with `content-type: application/json`.")
                           .error());
}

http::Response token(const TestIssuer& issuer, const http::Request& request) {
  if (!is_json(request)) return not_json();
  const auto wanted = TokenRequest::parse(request.body);
  if (!wanted) return http::failure(wanted.error());
  const auto made = issuer.token(*wanted);
  return made ? http::text(200, *made + "\n") : http::failure(made.error());
}

http::Response claims(const TestIssuer& issuer, const http::Request& request) {
  if (!is_json(request)) return not_json();
  const auto wanted = TokenRequest::parse(request.body);
  if (!wanted) return http::failure(wanted.error());
  const auto made = issuer.claims(*wanted);
  return made ? http::json(200, *made) : http::failure(made.error());
}

http::Response trouble(TestIssuer& issuer, const http::Request& request) {
  boost::system::error_code error;
  const json::value document = json::parse(request.body, error);
  const json::value* name =
      !error && document.is_object() ? document.get_object().if_contains("trouble") : nullptr;
  if (!is_json(request) || !name || !name->is_string()) return not_json();
  const auto done = issuer.set_trouble(name->get_string());
  return done ? http::json(200, issuer.state()) : http::failure(done.error());
}

}  // namespace

void add_test_issuer_routes(http::Router& router, TestIssuer& issuer) {
  using http::Method;
  router.add(Method::get, "/",
             [&issuer](const http::Request&) { return http::json(200, issuer.state()); });
  router.add(Method::post, "/token",
             [&issuer](const http::Request& request) { return token(issuer, request); });
  router.add(Method::post, "/claims",
             [&issuer](const http::Request& request) { return claims(issuer, request); });
  router.add(Method::put, "/trouble",
             [&issuer](const http::Request& request) { return trouble(issuer, request); });
  router.add(Method::post, "/rotate", [&issuer](const http::Request& request) {
    if (!is_json(request)) return not_json();
    issuer.rotate();
    return http::json(200, issuer.state());
  });
  for (const bool keys : {false, true}) {
    const std::string document = keys ? "jwks-pub.json" : "openid-configuration";
    router.add(Method::get, "/{shape}/.well-known/" + document,
               [&issuer, keys](const http::Request& request) {
                 return issuer.answer(request, "/" + request.param("shape"), keys);
               });
    router.add(Method::get, "/circleci/org/{organization}/.well-known/" + document,
               [&issuer, keys](const http::Request& request) {
                 return issuer.answer(request, "/circleci/org/" + request.param("organization"),
                                      keys);
               });
    router.add(Method::get, std::string(elsewhere(keys)) + "/{issuer...}",
               [&issuer, keys](const http::Request& request) {
                 return issuer.elsewhere("/" + request.param("issuer"), keys);
               });
  }
}

}  // namespace imp::testissuer
