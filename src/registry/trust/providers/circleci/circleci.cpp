#include "registry/trust/providers/circleci/circleci.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/uuid.h"
#include "registry/trust/ref_pattern.h"
#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

using Part = ClaimRule::Part;

constexpr std::string_view kPrefix = "oidc.circleci.com/";
constexpr std::string_view kOrganization = "oidc.circleci.com/org-id";
constexpr std::string_view kSshRerun = "oidc.circleci.com/ssh-rerun";

constexpr std::array kClaims = {
    ClaimRule{kOrganization, &kUuid, Part::tenant, true, "organization_id", "Organization ID",
              "Organisation settings, Overview."},
    ClaimRule{"oidc.circleci.com/project-id", &kUuid, Part::project, true, "project_id",
              "Project ID", "Project settings, Overview."},
    ClaimRule{"oidc.circleci.com/pipeline-definition-id", &kUuid, Part::job, true,
              "pipeline_definition_id", "Pipeline definition ID",
              "Project settings, Project Setup."},
    // Names the fork when a fork's pull request was built.
    ClaimRule{"oidc.circleci.com/vcs-origin", &kVcsOrigin, Part::job, true, "vcs_origin",
              "VCS origin", "Host, owner and repository, without a scheme."},
    ClaimRule{"oidc.circleci.com/context-ids", &kUuidSet, Part::job, false, "context_ids",
              "Context IDs", "One a line. The job must use each of them.", nullptr, true},
    ClaimRule{"oidc.circleci.com/vcs-ref", &kRef, Part::job, false, "vcs_ref", "Branch or tag",
              kRefHint},
};

/// "" or "/org/<uuid>", exactly as issuers write it: upper case would be another issuer.
std::optional<std::optional<std::string>> organization_of(std::string_view path) {
  if (path.empty()) return std::optional<std::string>();
  constexpr std::string_view organization = "/org/";
  if (!path.starts_with(organization)) return std::nullopt;
  path.remove_prefix(organization.size());
  const bool lower = std::ranges::none_of(path, [](char c) { return c >= 'A' && c <= 'F'; });
  if (!is_uuid(path) || !lower) return std::nullopt;
  return std::optional(std::string(path));
}

Result<void> check_rerun(const boost::json::object& token) {
  const boost::json::value* rerun = token.if_contains(kSshRerun);
  if (!rerun || !rerun->is_bool()) {
    return refuse(
        TrustRefusal::claim_missing,
        fmt::format("The token's claim {} must be a boolean, and is {}. Tokens that do not say "
                    "whether the job was rerun with SSH are not accepted.",
                    kSshRerun, rerun ? "not one" : "absent"));
  }
  if (rerun->get_bool()) {
    return refuse(
        TrustRefusal::ssh_rerun,
        fmt::format("The token's claim {} is true: the job was rerun with SSH, so a person could "
                    "have changed it. Rerun the workflow without SSH to publish.",
                    kSshRerun));
  }
  return {};
}

/// `ssh-rerun` is the boolean false, and a token of an organisation's own issuer claims that
/// organisation.
Result<void> check(const boost::json::object& token, const std::optional<std::string>& tenant) {
  if (auto rerun = check_rerun(token); !rerun) return rerun;
  const auto organization = string_claim(token, kOrganization);
  if (!organization) {
    return refuse(
        TrustRefusal::claim_missing,
        fmt::format("The token has no claim {}, so it names no organisation.", kOrganization));
  }
  if (tenant && *organization != *tenant) {
    return refuse(
        TrustRefusal::tenant_mismatch,
        fmt::format("The token's issuer is that of organisation {}, but its claim {} is {}.",
                    *tenant, kOrganization, *organization));
  }
  return {};
}

}  // namespace

const Provider& circleci() {
  static const Provider provider = {.type = "circleci",
                                    .name = "CircleCI",
                                    .machine_name = "CircleCI",
                                    .machine_email = "oidc-no-reply@localhost",
                                    .claims = kClaims,
                                    .title_claim = "oidc.circleci.com/vcs-origin",
                                    .run_prefix = kPrefix,
                                    .tenant_of_path = organization_of,
                                    .check = check};
  return provider;
}

}  // namespace imp::trust
