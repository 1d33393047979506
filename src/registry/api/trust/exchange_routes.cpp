#include <boost/json.hpp>

#include "audit/log.h"
#include "base/uuid.h"
#include "http/response.h"
#include "registry/api/refusals.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

namespace {

http::Response answer(RegistryServices& services, const trust::ExchangeRequest& asked,
                      const Result<trust::MintedToken>& minted) {
  const std::string& package = asked.package_name;
  if (minted) {
    services.refused_exchanges.granted(package, asked.remote_address);
    return http::json(201, boost::json::object{{"token_type", "oidc"},
                                               {"token", minted->text},
                                               {"attempt", asked.attempt_id},
                                               {"created", iso8601(minted->token.created_at)},
                                               {"expires", iso8601(minted->token.expires_at)}});
  }
  services.refused_exchanges.refused(package, asked.remote_address, minted.error(),
                                     asked.attempt_id);
  http::Response response = http::failure(minted.error());
  // npm swallows a failed exchange and shows the body's message at --loglevel verbose alone; the
  // notice is printed always.
  accounts::add_notice(response,
                       fmt::format("{} (attempt {})", minted.error().message, asked.attempt_id));
  add_help(services, response, minted.error());
  response.member("attempt", asked.attempt_id);
  return response;
}

http::Response exchange(RegistryServices& services, const http::Request& request) {
  const auto name = addressed_package(request);
  if (!name) return http::failure(name.error());
  const auto asked = std::make_shared<const trust::ExchangeRequest>(
      name->text(), std::string(request.bearer()), request.remote_address, request.id,
      new_ordered_uuid(services.clock.now()));
  // No thread waits for the commit: with many exchanges at a time, waking one for each would cost
  // a quarter of the work.
  return http::later([&services, asked](http::Reply reply) {
    services.exchange.exchange_later(*asked, [&services, asked, reply = std::move(reply)](
                                                 const Result<trust::MintedToken>& minted) mutable {
      reply(answer(services, *asked, minted));
    });
  });
}

http::Response hand_back(RegistryServices& services, const http::Request& request,
                         const PackageName& name, const trust::IssuedToken& token) {
  const auto done = services.database.write([&](db::Session& session) -> Result<void> {
    const Time now = services.clock.now();
    if (!trust::revoke_publish_token(session, request.bearer(), now)) return {};
    audit::Record record;
    record.at = now;
    record.actor = "publisher:" + token.publisher_id;
    record.action = "trust.token_revoke";
    record.subject = "package:" + name.text();
    record.outcome = "granted";
    record.organization = scope_owner(session, name);
    record.request_id = request.id;
    record.remote_address = request.remote_address;
    record.detail = {{"token", token.id}, {"run", token.run}};
    audit::append(session, record);
    return {};
  });
  return done ? http::no_content() : http::failure(done.error());
}

/// Early revocation: a job that is done hands its token back. One that is void already, which a
/// repeated request's is, is handed back like any other.
http::Response revoke(RegistryServices& services, const http::Request& request) {
  const auto name = addressed_package(request);
  if (!name) return http::failure(name.error());
  const std::string subject = "package:" + name->text();
  if (trust::is_publish_token(request.bearer())) {
    const auto issued = services.database.read(
        [&](db::Session& session) -> Result<std::optional<trust::IssuedToken>> {
          return trust::issued_token(session, request.bearer());
        });
    if (!issued) return http::failure(issued.error());
    if (*issued && (*issued)->package_name == name->text()) {
      return hand_back(services, request, *name, **issued);
    }
  }
  const auto requester = Requester::identify(services, request);
  if (!requester) {
    return refused(services, nullptr, "trust.token_revoke", subject, requester.error());
  }
  if (requester->publish_token()) {
    if (const auto own = requester->may(trust::PublishAction::read, *name); !own) {
      return refused(services, &*requester, "trust.token_revoke", subject, own.error());
    }
  }
  return refused(services, &*requester, "trust.token_revoke", subject,
                 refuse(trust::TrustRefusal::publish_token_invalid,
                        "Send the publish token that is to be revoked as `Authorization: Bearer "
                        "…`.")
                     .error());
}

}  // namespace

void add_exchange_routes(http::Router& router, RegistryServices& services) {
  // On the pool of database work, although an exchange may wait for an issuer's keys: KeyRules says
  // how few do.
  constexpr std::string_view path = "/-/npm/v1/oidc/token/exchange/package/{package}";
  router.add(http::Method::post, path,
             [&services](const http::Request& request) { return exchange(services, request); });
  router.add(http::Method::del, path,
             [&services](const http::Request& request) { return revoke(services, request); });
}

}  // namespace imp::registry
