#include "ci/identity/issuer.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "audit/log.h"
#include "base/uuid.h"
#include "ci/contexts/audit_record.h"
#include "jose/jwks.h"
#include "jose/sign.h"

namespace imp::ci {
namespace {

/// A minute: a key is published for key_lead before it signs, so this is not what keeps new tokens
/// good. It is how long a cache between this server and relying parties may answer with a key that
/// was withdrawn.
const http::PrepareOptions key_set_options{.content_type = "application/json",
                                           .cache_control = "public, max-age=60",
                                           .vary = "Accept-Encoding",
                                           .extra = {}};
const http::PrepareOptions discovery_options{.content_type = "application/json",
                                             .cache_control = "public, max-age=3600",
                                             .vary = "Accept-Encoding",
                                             .extra = {}};

boost::json::array list_of(std::initializer_list<std::string_view> items) {
  boost::json::array list;
  for (const std::string_view item : items) list.emplace_back(item);
  return list;
}

}  // namespace

Issuer::Issuer(std::string public_url, db::Database& database, SigningKeys& keys,
               const Clock& clock, Metrics& metrics)
    : public_url_(std::move(public_url)),
      database_(database),
      keys_(keys),
      clock_(clock),
      metrics_(metrics) {}

std::string Issuer::organization_url(std::string_view organization_id) const {
  return fmt::format("{}/org/{}", root_url(), organization_id);
}

Result<JobTokens> Issuer::mint_for_environment(const JobIdentity& job) {
  auto minted = database_.write([&](db::Session& session) -> Result<Result<JobTokens>> {
    return mint_for_environment(session, job);
  });
  if (!minted) return pass_on(minted);
  return std::move(*minted);
}

Result<std::string> Issuer::mint(const JobIdentity& job, const TokenRequest& request) {
  auto minted = database_.write([&](db::Session& session) -> Result<Result<std::string>> {
    return mint(session, job, request);
  });
  if (!minted) return pass_on(minted);
  return std::move(*minted);
}

Result<JobTokens> Issuer::mint_for_environment(db::Session& session, const JobIdentity& job) {
  const TokenClaims common{.issuer = organization_url(job.organization_id),
                           .audience = job.organization_id,
                           .token_id = {},
                           .subject = SubjectForm::v1,
                           .issued = clock_.now()};
  auto v1 = sign(session, job, common);
  if (!v1) return refused(session, job, v1.error());
  TokenClaims second = common;
  second.subject = SubjectForm::v2;
  auto v2 = sign(session, job, second);
  if (!v2) return refused(session, job, v2.error());
  record(session, job, {*v1, *v2});
  return JobTokens{std::move(v1->token), std::move(v2->token)};
}

Result<std::string> Issuer::mint(db::Session& session, const JobIdentity& job,
                                 const TokenRequest& request) {
  const auto audience = requested_audience(request.claims);
  if (!audience) return refused(session, job, audience.error());
  auto minted =
      sign(session, job,
           {.issuer = request.root_issuer ? root_url() : organization_url(job.organization_id),
            .audience = audience->value_or(job.organization_id),
            .token_id = {},
            .subject = SubjectForm::v2,
            .issued = clock_.now()});
  if (!minted) return refused(session, job, minted.error());
  record(session, job, {*minted});
  return std::move(minted->token);
}

Result<Issuer::Minted> Issuer::sign(db::Session& session, const JobIdentity& job,
                                    TokenClaims claims) const {
  if (auto checked = check_identity(job); !checked) return pass_on(checked);
  const auto signer = keys_.signer(session);
  if (!signer) return pass_on(signer);
  claims.token_id = new_uuid();
  std::string token = jose::sign(claims_of(job, claims), signer->key, signer->kid);
  return Minted{std::move(token), std::move(claims)};
}

void Issuer::record(db::Session& session, const JobIdentity& job,
                    const std::vector<Minted>& tokens) {
  for (const Minted& minted : tokens) {
    audit::append(session,
                  audit_record(pipeline_actor(session, job.user_id), "oidc.token.mint",
                               "job:" + job.job_id, job.organization_id, minted.claims.issued,
                               {{"jti", minted.claims.token_id},
                                {"audience", minted.claims.audience},
                                {"issuer", minted.claims.issuer},
                                {"subject", subject_of(job, minted.claims.subject)},
                                {"project", job.project_id}}));
    metrics_.count("imprimatur_identity_tokens_total", {{"outcome", "granted"}});
  }
}

std::unexpected<Failure> Issuer::refused(db::Session& session, const JobIdentity& job,
                                         const Failure& failure) {
  metrics_.count("imprimatur_identity_tokens_total", {{"outcome", failure.code()}});
  audit::Record record = audit_record(pipeline_actor(session, job.user_id), "oidc.token.mint",
                                      "job:" + job.job_id, job.organization_id, clock_.now(),
                                      {{"reason", failure.message}, {"project", job.project_id}});
  record.outcome = failure.code();
  audit::append(session, record);
  return std::unexpected(failure);
}

std::shared_ptr<const http::Prepared> Issuer::discovery(const std::string& issuer_url) const {
  const std::lock_guard lock(mutex_);
  auto& prepared = prepared_discovery_[issuer_url];
  if (prepared) return prepared;
  boost::json::object document;
  document["issuer"] = issuer_url;
  document["jwks_uri"] = fmt::format("{}/.well-known/jwks-pub.json", issuer_url);
  document["subject_types_supported"] = list_of({"public"});
  document["response_types_supported"] = list_of({"id_token"});
  document["id_token_signing_alg_values_supported"] = list_of({"RS256"});
  document["scopes_supported"] = list_of({"openid"});
  document["claims_supported"] =
      list_of({"iss", "sub", "aud", "exp", "iat", "jti", "oidc.circleci.com/context-ids",
               "oidc.circleci.com/job-id", "oidc.circleci.com/org-id",
               "oidc.circleci.com/pipeline-definition-id", "oidc.circleci.com/pipeline-id",
               "oidc.circleci.com/project-id", "oidc.circleci.com/ssh-rerun",
               "oidc.circleci.com/vcs-origin", "oidc.circleci.com/vcs-ref",
               "oidc.circleci.com/workflow-id"});
  prepared = http::prepare(boost::json::serialize(document), discovery_options);
  return prepared;
}

Result<std::shared_ptr<const http::Prepared>> Issuer::jwks() const {
  const auto keys = keys_.published();
  if (!keys) return pass_on(keys);
  std::string kids;
  for (const IssuerKey& key : *keys) kids += key.kid + " ";
  const std::lock_guard lock(mutex_);
  if (prepared_jwks_ && prepared_kids_ == kids) return prepared_jwks_;
  std::vector<jose::PublishedKey> published;
  for (const IssuerKey& key : *keys) published.push_back({key.kid, key.key});
  prepared_jwks_ = http::prepare(jose::to_jwks(published), key_set_options);
  prepared_kids_ = kids;
  return prepared_jwks_;
}

}  // namespace imp::ci
