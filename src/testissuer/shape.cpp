#include "testissuer/shape.h"

#include <fmt/format.h>

#include "base/uuid.h"

namespace imp::testissuer {

namespace {

namespace json = boost::json;

constexpr std::string_view kRef = "refs/heads/main";
constexpr std::string_view kCommit = "0123456789abcdef0123456789abcdef01234567";

std::int64_t seconds(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

json::object circleci(std::string_view base, const ClaimChoices& choices, Time now) {
  constexpr std::string_view origin = "github.com/acme/widgets";
  std::string subject = fmt::format("org/{}/project/{}/user/{}", kOrganization, kProject, kUser);
  if (choices.subject_v2) subject += fmt::format("/vcs-origin/{}/vcs-ref/{}", origin, kRef);
  const std::string issuer =
      choices.root_issuer ? std::string(base) : fmt::format("{}/org/{}", base, kOrganization);
  return {{"iss", issuer},
          {"aud", choices.audience},
          {"sub", subject},
          {"iat", seconds(now)},
          {"exp", seconds(now) + 3600},
          {"jti", new_uuid()},
          {"oidc.circleci.com/org-id", kOrganization},
          {"oidc.circleci.com/project-id", kProject},
          {"oidc.circleci.com/pipeline-definition-id", kDefinition},
          {"oidc.circleci.com/pipeline-id", new_uuid()},
          {"oidc.circleci.com/workflow-id", new_uuid()},
          {"oidc.circleci.com/job-id", new_uuid()},
          {"oidc.circleci.com/context-ids", json::array{kContext}},
          {"oidc.circleci.com/ssh-rerun", false},
          {"oidc.circleci.com/vcs-origin", origin},
          {"oidc.circleci.com/vcs-ref", kRef}};
}

json::object github(std::string_view base, const ClaimChoices& choices, Time now) {
  const std::string workflow = fmt::format("acme/widgets/.github/workflows/release.yml@{}", kRef);
  return {{"iss", base},
          {"aud", choices.audience},
          {"sub", "repo:acme/widgets:environment:npm"},
          {"iat", seconds(now)},
          {"nbf", seconds(now) - 300},
          {"exp", seconds(now) + 300},
          {"jti", new_uuid()},
          {"repository", "acme/widgets"},
          {"repository_id", "1001"},
          {"repository_owner", "acme"},
          {"repository_owner_id", "77"},
          {"repository_visibility", "private"},
          {"workflow", "release"},
          {"workflow_ref", workflow},
          {"workflow_sha", kCommit},
          {"job_workflow_ref", workflow},
          {"job_workflow_sha", kCommit},
          {"ref", kRef},
          {"ref_type", "branch"},
          {"ref_protected", "true"},
          {"sha", kCommit},
          {"base_ref", ""},
          {"head_ref", ""},
          {"event_name", "push"},
          {"environment", "npm"},
          {"runner_environment", "github-hosted"},
          {"run_id", "9001"},
          {"run_number", "12"},
          {"run_attempt", "1"},
          {"actor", "ada"},
          {"actor_id", "501"}};
}

json::object gitlab(std::string_view base, const ClaimChoices& choices, Time now) {
  return {{"iss", base},
          {"aud", choices.audience},
          {"sub", "project_path:acme/tools/widgets:ref_type:branch:ref:main"},
          {"iat", seconds(now)},
          {"nbf", seconds(now) - 5},
          {"exp", seconds(now) + 3600},
          {"jti", new_uuid()},
          {"project_id", "1001"},
          {"project_path", "acme/tools/widgets"},
          {"project_visibility", "private"},
          {"namespace_id", "77"},
          {"namespace_path", "acme/tools"},
          {"user_id", "501"},
          {"user_login", "ada"},
          {"user_email", "ada@example.org"},
          {"pipeline_id", "9001"},
          {"pipeline_source", "push"},
          {"job_id", "90011"},
          {"ref", "main"},
          {"ref_type", "branch"},
          {"ref_path", kRef},
          {"ref_protected", "true"},
          {"environment", "npm"},
          {"environment_protected", "true"},
          {"deployment_tier", "production"},
          {"runner_id", 7},
          {"runner_environment", "gitlab-hosted"},
          {"sha", kCommit},
          {"ci_config_ref_uri",
           fmt::format("gitlab.example/acme/tools/widgets//.gitlab-ci.yml@{}", kRef)},
          {"ci_config_sha", kCommit}};
}

}  // namespace

std::string_view name(Shape shape) {
  switch (shape) {
    case Shape::circleci:
      return "circleci";
    case Shape::github:
      return "github";
    case Shape::gitlab:
      return "gitlab";
  }
  return {};
}

std::optional<Shape> shape_named(std::string_view text) {
  for (const Shape shape : {Shape::circleci, Shape::github, Shape::gitlab}) {
    if (name(shape) == text) return shape;
  }
  return std::nullopt;
}

json::object job_claims(Shape shape, std::string_view base, const ClaimChoices& choices, Time now) {
  switch (shape) {
    case Shape::circleci:
      return circleci(base, choices, now);
    case Shape::github:
      return github(base, choices, now);
    case Shape::gitlab:
      return gitlab(base, choices, now);
  }
  return {};
}

}  // namespace imp::testissuer
