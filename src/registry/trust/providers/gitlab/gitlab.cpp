#include "registry/trust/providers/gitlab/gitlab.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "registry/trust/file_claims.h"
#include "registry/trust/ref_pattern.h"
#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

namespace json = boost::json;
using Normal = std::expected<json::value, std::string>;
using Part = ClaimRule::Part;

constexpr std::size_t kMostSegments = 22;  // a group, twenty subgroups and a project

/// GitLab lets no project's path end in ".git".
Normal normal_project(const json::value* given) {
  if (!given || !given->is_string() || !is_path(given->get_string(), 2, kMostSegments) ||
      given->get_string().ends_with(".git")) {
    return std::unexpected(
        "must be group/project or group/subgroup/project, as tokens have it: no address, no .git");
  }
  return *given;
}

/// <host>/<project>//<path>@<ref>, of the token's own project and ref. Branches and folders may
/// have
/// "@refs/" in their names: only the token's own ref tells where the path ends.
bool is_pipeline_file(const json::value& expected, const json::value& received,
                      const json::object& token) {
  const std::string_view file = file_of(expected);
  const auto project = string_claim(token, "project_path");
  const auto ref = string_claim(token, "ref_path");
  if (file.empty() || !project || project->empty() || !ref || !ref->starts_with("refs/") ||
      !received.is_string()) {
    return false;
  }
  std::string_view text = received.get_string();
  const std::size_t slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos) return false;
  text.remove_prefix(slash + 1);
  const std::string before = std::string(*project) + "//";
  const std::string after = "@" + std::string(*ref);
  if (!text.starts_with(before) || !text.ends_with(after) ||
      text.size() < before.size() + after.size()) {
    return false;
  }
  const std::string_view path =
      text.substr(before.size(), text.size() - before.size() - after.size());
  return path.substr(path.rfind('/') + 1) == file;
}

/// A merge request's pipeline may run a fork's code in the name of the parent, on a ref that has
/// the name of one of the parent's branches: the token does not say whose it is.
constexpr std::array<std::string_view, 2> kBannedSources = {"merge_request_event",
                                                            "external_pull_request_event"};

bool is_banned(std::string_view source) {
  return std::ranges::find(kBannedSources, source) != kBannedSources.end();
}

Normal normal_source(const json::value* given) {
  if (given && given->is_string() && is_banned(given->get_string())) {
    return std::unexpected("must be a source of pipelines that run no code of a fork");
  }
  return kText.normal(given);
}

const ClaimForm kSource = {normal_source, shown_text, same_text, typed_text};
const ClaimForm kProject = {normal_project, shown_text, same_text, typed_text};
const ClaimForm kPipelineFile = {normal_file, shown_file, is_pipeline_file, typed_file};

std::string namespace_of(const json::object& claims) {
  return parent_of(string_claim(claims, "project_path").value_or(""));
}

constexpr std::array kClaims = {
    ClaimRule{"namespace_path", &kText, Part::tenant, true, {}, "Namespace", {}, namespace_of},
    ClaimRule{"project_path",
              &kProject,
              Part::project,
              true,
              {},
              "Project",
              "group/project or group/subgroup/project, as in its address."},
    ClaimRule{"ci_config_ref_uri",
              &kPipelineFile,
              Part::job,
              true,
              {},
              "Pipeline file",
              "The top-level file, such as .gitlab-ci.yml. It must be in the project itself."},
    ClaimRule{"environment",
              &kText,
              Part::job,
              false,
              {},
              "Environment",
              "The job's environment.",
              nullptr,
              true},
    ClaimRule{"ref_path", &kRef, Part::job, false, {}, "Branch or tag", kRefHint},
    ClaimRule{"pipeline_source",
              &kSource,
              Part::job,
              false,
              {},
              "Pipeline source",
              "What starts the pipeline, such as push, web or schedule."},
};

/// The variable with the token is set when the job begins, and is good for as long as the job.
constexpr std::chrono::hours kJobTime{1};

constexpr std::array kLearnt = {
    LearntClaim{"namespace_id", Part::tenant, "Namespace ID",
                "Of the group, on its page; or of the user."},
    LearntClaim{"project_id", Part::project, "Project ID", "Project settings, General."}};

constexpr std::array<std::string_view, 15> kRun = {
    "sub",         "project_path",      "project_id",      "namespace_id",
    "ref",         "ref_path",          "ref_type",        "ref_protected",
    "sha",         "pipeline_id",       "pipeline_source", "job_id",
    "environment", "ci_config_ref_uri", "user_login"};

Result<void> check(const json::object& token, const std::optional<std::string>&) {
  if (auto texts = check_texts(token, {"project_path", "namespace_path", "project_id",
                                       "namespace_id", "pipeline_source"});
      !texts) {
    return texts;
  }
  if (parent_of(*string_claim(token, "project_path")) != *string_claim(token, "namespace_path")) {
    return refuse(TrustRefusal::tenant_mismatch,
                  "The token's claims project_path and namespace_path contradict each other.");
  }
  const std::string_view source = *string_claim(token, "pipeline_source");
  if (is_banned(source)) {
    return refuse(
        TrustRefusal::banned_event,
        fmt::format("The pipeline's source is {}: it may run code of a fork. Publish from the "
                    "pipeline of a branch or a tag.",
                    source));
  }
  return {};
}

}  // namespace

const Provider& gitlab() {
  static const Provider provider = {.type = "gitlab",
                                    .name = "GitLab CI/CD",
                                    .machine_name = "GitLab CI/CD",
                                    .machine_email = "npm-oidc-no-reply@gitlab.com",
                                    .claims = kClaims,
                                    .title_claim = "project_path",
                                    .learnt = kLearnt,
                                    .run_claims = kRun,
                                    .runner_claim = "runner_environment",
                                    .hosted_runner = "gitlab-hosted",
                                    .known_issuer = {"https://gitlab.com", kJobTime},
                                    .tenant_of_path = only_the_base,
                                    .check = check};
  return provider;
}

}  // namespace imp::trust
