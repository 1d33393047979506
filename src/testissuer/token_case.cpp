#include "testissuer/token_case.h"

#include <algorithm>
#include <array>

namespace imp::testissuer {

namespace {

namespace json = boost::json;

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 60 * kMinute;

void add_seconds(TokenDraft& draft, std::string_view claim, std::int64_t seconds) {
  json::value& value = draft.claims[claim];
  value = (value.is_int64() ? value.get_int64() : draft.claims.at("iat").get_int64()) + seconds;
}

/// As if the token had been issued that much later.
void shift(TokenDraft& draft, std::int64_t seconds) {
  for (const char* claim : {"iat", "exp", "nbf"}) {
    if (draft.claims.contains(claim)) add_seconds(draft, claim, seconds);
  }
}

bool is_circleci(Shape shape) { return shape == Shape::circleci; }
bool is_github(Shape shape) { return shape == Shape::github; }
bool is_gitlab(Shape shape) { return shape == Shape::gitlab; }
bool is_not_gitlab(Shape shape) { return shape != Shape::gitlab; }
bool has_runners(Shape shape) { return shape != Shape::circleci; }

constexpr std::array kCases = {
    TokenCase{"expired", "ended a minute ago", "expired",
              [](TokenDraft& it) {
                shift(it, -2 * kMinute);
                it.claims["exp"] = it.claims.at("iat").get_int64() + kMinute;
              }},
    TokenCase{"future", "issued ten minutes from now", "issued_in_future",
              [](TokenDraft& it) {
                it.claims.erase("nbf");
                shift(it, 10 * kMinute);
              }},
    TokenCase{"not-yet-valid", "`nbf` is ten minutes from now", "not_yet_valid",
              [](TokenDraft& it) {
                it.claims["nbf"] = it.claims.at("iat").get_int64() + 10 * kMinute;
                it.claims["exp"] = it.claims.at("iat").get_int64() + kHour;
              }},
    // GitLab's tokens are young enough for as long as they are good.
    TokenCase{"old", "issued fifty minutes ago, and not expired", "too_old",
              [](TokenDraft& it) {
                shift(it, -50 * kMinute);
                it.claims["exp"] = it.claims.at("iat").get_int64() + kHour;
              },
              is_not_gitlab},
    TokenCase{
        "long-lived", "good for a day", "lifetime_too_long",
        [](TokenDraft& it) { it.claims["exp"] = it.claims.at("iat").get_int64() + 24 * kHour; }},
    TokenCase{"other-audience", "for another registry", "audience_mismatch",
              [](TokenDraft& it) { it.claims["aud"] = "npm:registry.elsewhere.example"; }},
    TokenCase{"array-audience", "for this registry and another one", "claim_type",
              [](TokenDraft& it) {
                const json::value* one = it.claims.if_contains("aud");
                it.claims["aud"] =
                    json::array{one ? *one : json::value(), "npm:registry.elsewhere.example"};
              }},
    TokenCase{"no-audience", "`aud` is absent", "missing_claim",
              [](TokenDraft& it) { it.claims.erase("aud"); }},
    TokenCase{"replayed", "always the same `jti`: granted once, then refused", "replayed",
              [](TokenDraft& it) { it.claims["jti"] = "66666666-6666-4666-8666-666666666666"; }},
    TokenCase{"wrong-key", "signed with a key that is not published, under the id of one that is",
              "bad_signature", [](TokenDraft& it) { it.signing = Signing::foreign; }},
    TokenCase{"bad-signature", "one bit of the signature is changed", "bad_signature",
              [](TokenDraft& it) { it.signing = Signing::cut; }},
    TokenCase{"alg-none", "`alg` is none, and there is no signature", "algorithm_not_allowed",
              [](TokenDraft& it) {
                it.header["alg"] = "none";
                it.signing = Signing::none;
              }},
    TokenCase{"hmac", "`alg` is HS256, with the public key as the secret", "algorithm_not_allowed",
              [](TokenDraft& it) {
                it.header["alg"] = "HS256";
                it.signing = Signing::hmac;
              }},
    TokenCase{"unknown-kid", "names a key that is not published", "unknown_key",
              [](TokenDraft& it) { it.header["kid"] = "nobody-has-this-key"; }},
    TokenCase{"embedded-key", "brings its own key in the header", "header_not_allowed",
              [](TokenDraft& it) {
                it.header["jwk"] = json::object{{"kty", "oct"}, {"k", "c2VjcmV0"}};
                it.signing = Signing::foreign;
              }},
    TokenCase{"critical", "demands an extension that nobody has (`crit`)", "header_not_allowed",
              [](TokenDraft& it) {
                it.header["crit"] = json::array{"exp"};
                it.header["exp"] = 1;
              }},
    TokenCase{"repeated-claim", "names its issuer twice", "malformed",
              [](TokenDraft& it) { it.repeated = "iss"; }},
    TokenCase{"other-issuer", "of an issuer that nobody has configured", "unknown_issuer",
              [](TokenDraft& it) { it.claims["iss"] = "https://issuer.elsewhere.example"; }},
    TokenCase{"issuer-slash", "`iss` has a slash too many at its end", "unknown_issuer",
              [](TokenDraft& it) {
                it.claims["iss"] = std::string(it.claims.at("iss").get_string()) + "/";
              }},
    TokenCase{"ssh-rerun", "the job was rerun with SSH", "ssh_rerun",
              [](TokenDraft& it) { it.claims["oidc.circleci.com/ssh-rerun"] = true; }, is_circleci},
    TokenCase{"fork", "the job built a fork's pull request", "claim_mismatch",
              [](TokenDraft& it) {
                it.claims["oidc.circleci.com/vcs-origin"] = "github.com/mallory/widgets";
              },
              is_circleci},
    TokenCase{"other-tenant", "an organisation's issuer claims another one", "tenant_mismatch",
              [](TokenDraft& it) {
                it.claims["oidc.circleci.com/org-id"] = "77777777-7777-4777-8777-777777777777";
              },
              is_circleci},
    TokenCase{"pull-request-target", "started by an event that may run a stranger's code",
              "banned_event",
              [](TokenDraft& it) { it.claims["event_name"] = "pull_request_target"; }, is_github},
    TokenCase{"merge-request", "started by a merge request", "banned_event",
              [](TokenDraft& it) { it.claims["pipeline_source"] = "merge_request_event"; },
              is_gitlab},
    TokenCase{"resurrected", "another project has the name (after a token that was accepted)",
              "resurrected_project",
              [](TokenDraft& it) {
                for (const char* id :
                     {"repository_id", "repository_owner_id", "project_id", "namespace_id"}) {
                  if (it.claims.contains(id)) it.claims[id] = "424242";
                }
              },
              has_runners},
    TokenCase{"self-hosted", "the job ran on a machine of the project's own", "self_hosted_runner",
              [](TokenDraft& it) { it.claims["runner_environment"] = "self-hosted"; }, has_runners},
};

}  // namespace

std::span<const TokenCase> token_cases() { return kCases; }

const TokenCase* token_case_named(std::string_view name, Shape shape) {
  const auto found = std::ranges::find_if(
      kCases, [&](const TokenCase& it) { return it.name == name && (!it.fits || it.fits(shape)); });
  return found == kCases.end() ? nullptr : &*found;
}

}  // namespace imp::testissuer
