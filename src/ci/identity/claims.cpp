#include "ci/identity/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/encoding.h"
#include "jose/strict_json.h"

namespace imp::ci {
namespace {

constexpr std::size_t audience_limit = 512;
constexpr std::size_t claims_argument_limit = 4096;

std::int64_t numeric_date(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

std::string subject_of(const JobIdentity& job, SubjectForm form) {
  std::string subject =
      fmt::format("org/{}/project/{}/user/{}", job.organization_id, job.project_id, job.user_id);
  if (form == SubjectForm::v2 && job.vcs) {
    subject += fmt::format("/vcs-origin/{}/vcs-ref/{}", job.vcs->origin, job.vcs->ref);
  }
  return subject;
}

boost::json::object claims_of(const JobIdentity& job, const TokenClaims& token) {
  const std::int64_t issued = numeric_date(token.issued);
  boost::json::object claims;
  claims["iss"] = token.issuer;
  claims["aud"] = token.audience;
  claims["iat"] = issued;
  claims["exp"] = issued + std::chrono::duration_cast<std::chrono::seconds>(token_lifetime).count();
  claims["jti"] = token.token_id;
  claims["sub"] = subject_of(job, token.subject);
  claims["oidc.circleci.com/org-id"] = job.organization_id;
  claims["oidc.circleci.com/project-id"] = job.project_id;
  claims["oidc.circleci.com/pipeline-definition-id"] = job.pipeline_definition_id;
  claims["oidc.circleci.com/pipeline-id"] = job.pipeline_id;
  claims["oidc.circleci.com/workflow-id"] = job.workflow_id;
  claims["oidc.circleci.com/job-id"] = job.job_id;
  boost::json::array contexts;
  for (const std::string& id : job.context_ids) contexts.emplace_back(id);
  claims["oidc.circleci.com/context-ids"] = std::move(contexts);
  claims["oidc.circleci.com/ssh-rerun"] = job.ssh_rerun;
  if (job.vcs) {
    claims["oidc.circleci.com/vcs-origin"] = job.vcs->origin;
    claims["oidc.circleci.com/vcs-ref"] = job.vcs->ref;
  }
  return claims;
}

Result<std::optional<std::string>> requested_audience(std::string_view claims_argument) {
  if (claims_argument.empty()) return std::nullopt;
  if (claims_argument.size() > claims_argument_limit) {
    return refuse(IdentityRefusal::malformed_claims,
                  fmt::format("--claims is longer than {} bytes.", claims_argument_limit));
  }
  const auto object = jose::parse_strict_object(claims_argument, {.depth = 4, .values = 32});
  if (!object) {
    return refuse(IdentityRefusal::malformed_claims,
                  fmt::format("--claims is a JSON object such as {{\"aud\":\"npm:example.com\"}}; "
                              "what was given is not: {}.",
                              object.error()));
  }
  for (const auto& member : *object) {
    if (member.key() != "aud") {
      return refuse(
          IdentityRefusal::unknown_claim,
          fmt::format("--claims can set \"aud\" alone; \"{}\" is not for the caller to set.",
                      std::string_view(member.key())));
    }
  }
  const auto* audience = object->if_contains("aud");
  if (!audience) return std::nullopt;
  const auto* text = audience->if_string();
  const bool usable =
      text && !text->empty() && text->size() <= audience_limit &&
      std::ranges::none_of(*text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (!usable) {
    return refuse(IdentityRefusal::invalid_audience,
                  fmt::format("\"aud\" in --claims is a string of 1 to {} printable characters.",
                              audience_limit));
  }
  return std::string(*text);
}

}  // namespace imp::ci
