#include "registry/trust/providers/github/github.h"

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

constexpr std::string_view kFolder = "/.github/workflows/";

/// GitHub lets no repository's name end in ".git".
Normal normal_repository(const json::value* given) {
  if (!given || !given->is_string() || !is_path(given->get_string(), 2, 2) ||
      given->get_string().ends_with(".git")) {
    return std::unexpected(
        "must be owner/repository, such as acme/widgets, as tokens have it: no address, no .git");
  }
  return *given;
}

/// What follows a workflow's file: "@" and a full ref, or the hash of a commit. A file's name has
/// no slash, so nothing that is still part of one can look like a ref.
bool is_revision(std::string_view rest) {
  if (!rest.starts_with('@')) return false;
  rest.remove_prefix(1);
  if (rest.starts_with("refs/")) return rest.size() > 5;
  return (rest.size() == 40 || rest.size() == 64) && std::ranges::all_of(rest, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// owner/repository/.github/workflows/<file>@<ref>, of the token's own repository: the workflow of
/// another one may have the same file name.
bool is_workflow(const json::value& expected, const json::value& received,
                 const json::object& token) {
  const std::string_view file = file_of(expected);
  const auto repository = string_claim(token, "repository");
  if (file.empty() || !repository || repository->empty() || !received.is_string()) return false;
  const std::string path = std::string(*repository) + std::string(kFolder) + std::string(file);
  const std::string_view text = received.get_string();
  return text.starts_with(path) && is_revision(text.substr(path.size()));
}

/// owner/repository/.github/workflows/<file>, with or without @<ref>.
Normal normal_called_workflow(const json::value* given) {
  const std::string_view text =
      given && given->is_string() ? std::string_view(given->get_string()) : std::string_view();
  const std::size_t folder = text.find(kFolder);
  bool good = is_plain(text, 512) && folder != std::string_view::npos &&
              is_path(text.substr(0, folder), 2, 2);
  if (good) {
    std::string_view rest = text.substr(folder + kFolder.size());
    const std::size_t at = rest.find('@');
    if (at != std::string_view::npos) good = is_revision(rest.substr(at));
    const json::value file = json::object{{"file", rest.substr(0, at)}};
    good = good && normal_file(&file);
  }
  if (!good) {
    return std::unexpected(
        "must be owner/repository/.github/workflows/FILE, and may go on with @refs/heads/BRANCH, "
        "@refs/tags/TAG or @ and the hash of a commit");
  }
  return *given;
}

bool is_called_workflow(const json::value& expected, const json::value& received,
                        const json::object&) {
  if (!expected.is_string() || !received.is_string()) return false;
  const std::string_view wanted = expected.get_string();
  const std::string_view text = received.get_string();
  if (wanted.empty() || !text.starts_with(wanted)) return false;
  const std::string_view rest = text.substr(wanted.size());
  return wanted.contains('@') ? rest.empty() : is_revision(rest);
}

/// Events that run a workflow with the repository's rights for what somebody without any rights
/// did: a pull request from a fork, or a run that such a pull request started.
constexpr std::array<std::string_view, 2> kBannedEvents = {"pull_request_target", "workflow_run"};

bool is_banned(std::string_view event) {
  return std::ranges::find(kBannedEvents, event) != kBannedEvents.end();
}

Normal normal_event(const json::value* given) {
  if (given && given->is_string() && is_banned(given->get_string())) {
    return std::unexpected("must be an event that only people with rights can cause");
  }
  return kText.normal(given);
}

const ClaimForm kEvent = {normal_event, shown_text, same_text, typed_text};
const ClaimForm kRepository = {normal_repository, shown_text, same_text, typed_text};
const ClaimForm kWorkflow = {normal_file, shown_file, is_workflow, typed_file};
const ClaimForm kCalledWorkflow = {normal_called_workflow, shown_text, is_called_workflow,
                                   typed_text};

std::string owner_of(const json::object& claims) {
  return parent_of(string_claim(claims, "repository").value_or(""));
}

constexpr std::array kClaims = {
    ClaimRule{"repository_owner", &kText, Part::tenant, true, {}, "Owner", {}, owner_of},
    ClaimRule{"repository",
              &kRepository,
              Part::project,
              true,
              {},
              "Repository",
              "owner/repository, upper and lower case as on GitHub."},
    ClaimRule{"workflow_ref",
              &kWorkflow,
              Part::job,
              true,
              {},
              "Workflow file",
              "The file in .github/workflows that is started, not one that it calls."},
    ClaimRule{"environment",
              &kText,
              Part::job,
              false,
              {},
              "Environment",
              "The job's environment. GitHub can ask people before it runs.",
              nullptr,
              true},
    ClaimRule{
        "job_workflow_ref",
        &kCalledWorkflow,
        Part::job,
        false,
        {},
        "Called workflow",
        "owner/repository/.github/workflows/file.yml of the reusable workflow that publishes, "
        "with or without @ and its ref."},
    ClaimRule{"ref", &kRef, Part::job, false, {}, "Branch or tag", kRefHint},
    ClaimRule{"event_name",
              &kEvent,
              Part::job,
              false,
              {},
              "Event",
              "What starts the workflow, such as push, release or workflow_dispatch."},
};

constexpr std::array kLearnt = {LearntClaim{"repository_owner_id", Part::tenant, "Owner ID",
                                            "owner.id in the API's answer to repos/OWNER/NAME."},
                                LearntClaim{"repository_id", Part::project, "Repository ID",
                                            "id in the API's answer to repos/OWNER/NAME."}};

constexpr std::array<std::string_view, 15> kRun = {"sub",
                                                   "repository",
                                                   "repository_id",
                                                   "repository_owner_id",
                                                   "workflow_ref",
                                                   "workflow_sha",
                                                   "job_workflow_ref",
                                                   "ref",
                                                   "sha",
                                                   "event_name",
                                                   "environment",
                                                   "run_id",
                                                   "run_number",
                                                   "run_attempt",
                                                   "actor"};

Result<void> check(const json::object& token, const std::optional<std::string>&) {
  if (auto texts = check_texts(token, {"repository", "repository_owner", "repository_id",
                                       "repository_owner_id", "event_name"});
      !texts) {
    return texts;
  }
  const std::string_view owner = *string_claim(token, "repository_owner");
  const std::string_view repository = *string_claim(token, "repository");
  if (parent_of(repository) != owner) {
    return refuse(TrustRefusal::tenant_mismatch,
                  "The token's claims repository and repository_owner contradict each other.");
  }
  const std::string_view event = *string_claim(token, "event_name");
  if (is_banned(event)) {
    return refuse(
        TrustRefusal::banned_event,
        fmt::format("The workflow was started by {}: anybody who can open a pull request may have "
                    "caused that. Publish from a push, a release or a workflow_dispatch.",
                    event));
  }
  return {};
}

}  // namespace

const Provider& github() {
  static const Provider provider = {.type = "github",
                                    .name = "GitHub Actions",
                                    .machine_name = "GitHub Actions",
                                    .machine_email = "npm-oidc-no-reply@github.com",
                                    .claims = kClaims,
                                    .title_claim = "repository",
                                    .learnt = kLearnt,
                                    .run_claims = kRun,
                                    .runner_claim = "runner_environment",
                                    .hosted_runner = "github-hosted",
                                    .known_issuer = {"https://token.actions.githubusercontent.com"},
                                    .tenant_of_path = only_the_base,
                                    .check = check};
  return provider;
}

}  // namespace imp::trust
