#include <boost/json.hpp>

#include "accounts/refusal.h"
#include "http/response.h"
#include "registry/api/change_subject.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"

namespace imp::registry {

namespace {

/// npm prints "…" after what a list calls `token`, and takes whatever begins with it for the token
/// itself (`npm token revoke <token>`): so only the beginning will do.
std::string beginning(const accounts::AccessToken& token) {
  return token.redacted.substr(0, token.redacted.find('.'));
}

boost::json::object describe(const accounts::AccessToken& token) {
  boost::json::array scopes;
  for (const std::string& package : token.reach.packages)
    scopes.push_back({{"type", "package"}, {"name", package}});
  for (const std::string& scope : token.reach.scopes)
    scopes.push_back({{"type", "scope"}, {"name", scope}});
  for (const std::string& org : token.reach.orgs)
    scopes.push_back({{"type", "org"}, {"name", org}});
  const auto time = [](const std::optional<Time>& at) {
    return at ? boost::json::value(iso8601(*at)) : boost::json::value(nullptr);
  };
  return {{"key", token.key},
          {"token", beginning(token)},
          {"name", token.name},
          {"description", token.description},
          {"readonly", token.read_only()},
          {"cidr_whitelist", boost::json::value_from(token.cidr_whitelist)},
          {"cidr", boost::json::value_from(token.cidr_whitelist)},
          {"bypass_2fa", token.bypass_2fa},
          {"permissions",
           boost::json::array{
               {{"name", "package"}, {"action", accounts::name(token.reach.packages_permission)}},
               {{"name", "org"}, {"action", accounts::name(token.reach.orgs_permission)}}}},
          {"scopes", scopes},
          {"created", iso8601(token.created)},
          {"accessed", time(token.last_used)},
          {"expires", time(token.expires)},
          {"expiry", time(token.expires)},
          {"revoked", nullptr}};
}

/// A person who may manage their tokens.
std::expected<accounts::Caller, http::Response> owner(RegistryServices& services,
                                                      const http::Request& request) {
  auto caller = services.accounts.authenticator.require_person(request);
  if (!caller) return std::unexpected(accounts::refusal_response(caller.error()));
  if (caller->acts_fully()) return std::move(*caller);
  const auto refusal = refuse(accounts::AccountRefusal::credential_limited,
                              "Managing access tokens needs a sign-in (`npm login`) or a personal "
                              "token, not a granular one.");
  services.accounts.trail.refused(caller->actor(), "token.manage", "user:" + caller->person->name,
                                  refusal.error());
  return std::unexpected(accounts::refusal_response(refusal.error()));
}

std::unexpected<Failure> invalid(std::string message) {
  return refuse(accounts::AccountRefusal::token_invalid, std::move(message));
}

std::string text(const boost::json::object& body, std::string_view key) {
  const boost::json::value* value = body.if_contains(key);
  return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

Result<std::vector<std::string>> texts(const boost::json::object& body, std::string_view key,
                                       std::string_view label) {
  std::vector<std::string> found;
  const boost::json::value* value = body.if_contains(key);
  if (!value || value->is_null()) return found;
  if (!value->is_array()) return invalid(fmt::format("{} must be an array", label));
  for (const boost::json::value& item : value->as_array()) {
    if (!item.is_string()) return invalid(fmt::format("{} must be an array of strings", label));
    found.emplace_back(item.as_string());
  }
  return found;
}

Result<accounts::TokenPermission> permission(const boost::json::object& body,
                                             std::string_view key) {
  if (!body.contains(key)) return accounts::TokenPermission::no_access;
  if (const auto known = accounts::token_permission(text(body, key))) return *known;
  return invalid(fmt::format(
      "Invalid {}. Must be one of: no-access, read-only, read-write, read-write-stage-only", key));
}

bool flag(const boost::json::object& body, std::string_view key) {
  const boost::json::value* value = body.if_contains(key);
  return value && value->is_bool() && value->as_bool();
}

/// The document of npm before it had granular tokens, which `npm profile enable-2fa` still sends
/// for those who sign in with name and password: {"password", "readonly", "cidr_whitelist"}.
bool classic(const boost::json::object& body) {
  return body.contains("readonly") && !body.contains("name") &&
         !body.contains("packages_and_scopes_permission") && !body.contains("orgs_permission");
}

Result<accounts::NewToken> parse_classic(const boost::json::object& body) {
  accounts::NewToken token;
  token.name = "npm";
  token.kind = accounts::TokenKind::personal;
  token.reach = accounts::full_reach();
  if (flag(body, "readonly")) {
    token.reach.packages_permission = accounts::TokenPermission::read_only;
    token.reach.orgs_permission = accounts::TokenPermission::read_only;
  }
  auto addresses = texts(body, "cidr_whitelist", "CIDR");
  if (!addresses) return pass_on(addresses);
  token.cidr_whitelist = std::move(*addresses);
  return token;
}

/// The document of `npm token create`; the CLI and the published interface spell two members
/// differently, so both are taken. Scopes and organisations come with or without '@'.
Result<accounts::NewToken> parse(const boost::json::object& body) {
  if (classic(body)) return parse_classic(body);
  accounts::NewToken token;
  token.name = text(body, "name");
  token.description =
      text(body, body.contains("description") ? "description" : "token_description");
  token.bypass_2fa = flag(body, "bypass_2fa");
  token.reach.all_packages = flag(body, "packages_all");
  const auto take = [&](std::vector<std::string>& target, std::string_view key,
                        std::string_view label) -> Result<void> {
    auto values = texts(body, key, label);
    if (!values) return pass_on(values);
    target = std::move(*values);
    return {};
  };
  for (const auto& done :
       {take(token.reach.packages, "packages", "Packages"),
        take(token.reach.scopes, "scopes", "Scopes"), take(token.reach.orgs, "orgs", "Orgs"),
        take(token.cidr_whitelist, body.contains("cidr") ? "cidr" : "cidr_whitelist", "CIDR")}) {
    if (!done) return pass_on(done);
  }
  for (std::string& scope : token.reach.scopes) {
    if (!scope.starts_with('@')) scope.insert(0, 1, '@');
  }
  for (std::string& organization : token.reach.orgs) {
    if (organization.starts_with('@')) organization.erase(0, 1);
  }
  const auto packages = permission(body, "packages_and_scopes_permission");
  if (!packages) return pass_on(packages);
  const auto orgs = permission(body, "orgs_permission");
  if (!orgs) return pass_on(orgs);
  token.reach.packages_permission = *packages;
  token.reach.orgs_permission = *orgs;
  if (const boost::json::value* days = body.if_contains("expires"); days && !days->is_null()) {
    if (!days->is_int64() || days->as_int64() < 1 || days->as_int64() > 3650) {
      return invalid("expires must be a whole number of days");
    }
    token.lifetime = std::chrono::days(days->as_int64());
  }
  return token;
}

/// What a second factor for a new token is for: all that it may do, and from where. What can be
/// made long comes last.
std::string subject_of(const accounts::NewToken& token) {
  const accounts::TokenReach& reach = token.reach;
  const bool whole = token.kind != accounts::TokenKind::granular;
  const bool everywhere = whole || reach.all_packages;
  std::string said =
      fmt::format("packages {}{}, organisations {}{}", name(reach.packages_permission),
                  everywhere ? " (all)" : "", name(reach.orgs_permission), whole ? " (all)" : "");
  if (whole && reach.packages_permission == accounts::TokenPermission::read_write) {
    said += ", and all else that you may do";
  }
  if (token.bypass_2fa) said += ", never asked for a second factor";
  if (token.lifetime) {
    said += fmt::format(", for {} days",
                        std::chrono::duration_cast<std::chrono::days>(*token.lifetime).count());
  }
  const auto add = [&](std::string_view what, const std::vector<std::string>& names) {
    if (!names.empty()) said += fmt::format(", {} {}", what, fmt::join(names, " "));
  };
  if (!everywhere) {
    add("packages", reach.packages);
    add("scopes", reach.scopes);
  }
  if (!whole) add("organisations", reach.orgs);
  add("from", token.cidr_whitelist);
  said += fmt::format(", named \"{}\"", token.name);
  return change_subject("a token", said);
}

http::Response list(RegistryServices& services, const http::Request& request) {
  const auto caller = owner(services, request);
  if (!caller) return caller.error();
  const auto tokens = services.accounts.tokens.list(caller->person->id);
  if (!tokens) return accounts::refusal_response(tokens.error());
  boost::json::array objects;
  for (const accounts::AccessToken& token : *tokens) objects.push_back(describe(token));
  // `urls` must be there: npm reads `urls.next` without looking.
  return http::json(
      200, boost::json::object{
               {"objects", objects}, {"total", objects.size()}, {"urls", boost::json::object()}});
}

http::Response create(RegistryServices& services, const http::Request& request) {
  const auto caller = owner(services, request);
  if (!caller) return caller.error();
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(request.body, error);
  if (error || !document.is_object()) {
    return accounts::refusal_response(invalid("The body must be a JSON object").error());
  }
  const auto token = parse(document.as_object());
  if (!token) return accounts::refusal_response(token.error());
  const auto password = services.accounts.sign_in.check_password(
      caller->person->name, text(document.as_object(), "password"), caller->actor());
  if (!password) return accounts::refusal_response(password.error());
  const auto confirmed = services.accounts.second_factor_gate.require(
      request, *caller,
      {.purpose = {"token.create", subject_of(*token), false},
       .without_factor = accounts::WithoutFactor::allow});
  if (!confirmed) return confirmed.error();
  const auto minted = services.accounts.tokens.create(*caller->person, *token, caller->actor());
  if (!minted) return accounts::refusal_response(minted.error());
  boost::json::object answer = describe(minted->row);
  answer["token"] = minted->token;
  return http::json(201, answer);
}

http::Response revoke(RegistryServices& services, const http::Request& request) {
  const auto caller = owner(services, request);
  if (!caller) return caller.error();
  const auto confirmed = services.accounts.second_factor_gate.require(
      request, *caller,
      {.purpose = {"token.revoke", {}, true}, .without_factor = accounts::WithoutFactor::allow});
  if (!confirmed) return confirmed.error();
  const auto done =
      services.accounts.tokens.revoke(*caller->person, request.param("key"), caller->actor());
  return done ? http::no_content() : accounts::refusal_response(done.error());
}

}  // namespace

void add_token_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
  };
  router.add(http::Method::get, "/-/npm/v1/tokens", bind(list));
  router.add(http::Method::post, "/-/npm/v1/tokens", bind(create));
  router.add(http::Method::del, "/-/npm/v1/tokens/token/{key}", bind(revoke));
}

}  // namespace imp::registry
