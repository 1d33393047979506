#include "registry/trust/providers/kiln/kiln.h"

#include <array>

#include "registry/trust/file_claims.h"
#include "registry/trust/ref_pattern.h"
#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

namespace json = boost::json;
using Part = ClaimRule::Part;

std::expected<json::value, std::string> normal_project(const json::value* given) {
  if (!given || !given->is_string() || !is_path(given->get_string(), 2, 2)) {
    return std::unexpected("must be team/project, such as acme/widgets");
  }
  return *given;
}

const ClaimForm kProject = {normal_project, shown_text, same_text, typed_text};

std::string team_of(const json::object& claims) {
  return parent_of(string_claim(claims, "project").value_or(""));
}

constexpr std::array kClaims = {
    ClaimRule{
        .name = "team", .form = &kText, .part = Part::tenant, .label = "Team", .derived = team_of},
    ClaimRule{.name = "project",
              .form = &kProject,
              .part = Part::project,
              .label = "Project",
              .hint = "team/project, as in its address."},
    ClaimRule{.name = "recipe",
              .form = &kText,
              .label = "Recipe",
              .hint = "Its name, as on the project's page."},
    ClaimRule{.name = "ref",
              .form = &kRef,
              .required = false,
              .label = "Branch or tag",
              .hint = kRefHint},
};

constexpr std::array kLearnt = {
    LearntClaim{"team_id", Part::tenant, "Team ID", "Team settings."},
    LearntClaim{"project_id", Part::project, "Project ID", "Project settings."}};

constexpr std::array<std::string_view, 6> kRun = {"sub",    "project", "recipe",
                                                  "commit", "ref",     "run_number"};

Result<void> check(const json::object& token, const std::optional<std::string>&) {
  if (auto texts = check_texts(token, {"team", "project", "team_id", "project_id", "cause"});
      !texts) {
    return texts;
  }
  if (parent_of(*string_claim(token, "project")) != *string_claim(token, "team")) {
    return refuse(TrustRefusal::tenant_mismatch,
                  "The token's claims project and team contradict each other.");
  }
  if (*string_claim(token, "cause") == "proposal") {
    return refuse(TrustRefusal::banned_event,
                  "The run was started by a proposal: it may run anybody's code. Publish from a "
                  "push or a tag.");
  }
  return {};
}

}  // namespace

const Provider& kiln() {
  static const Provider provider = {.type = "kiln",
                                    .name = "Kiln",
                                    .machine_name = "Kiln",
                                    .machine_email = "oidc-no-reply@localhost",
                                    .claims = kClaims,
                                    .title_claim = "project",
                                    .learnt = kLearnt,
                                    .run_claims = kRun,
                                    .runner_claim = "machine",
                                    .hosted_runner = "kiln",
                                    .known_issuer = {"https://id.kiln.example"},
                                    .tenant_of_path = only_the_base,
                                    .check = check};
  return provider;
}

}  // namespace imp::trust
