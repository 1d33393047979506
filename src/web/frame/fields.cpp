#include "web/frame/fields.h"

#include <fmt/format.h>

#include <utility>

#include "registry/trust/providers/provider.h"

namespace imp::web {

namespace {

constexpr std::pair<std::string_view, std::string_view> kFields[] = {
    // Sign-in and second factor; a new factor's form calls the code "code".
    {"code_missing", "otp"},
    {"second_factor_wrong", "otp"},
    {"second_factor_unconfirmed", "code"},
    {"second_factor_required", "otp"},
    {"sign_in_failed", "password"},
    {"password_not_enough", "password"},
    {"password_too_long", "new password"},
    {"password_too_weak", "new password"},
    {"passwords_differ", "again"},
    {"email_invalid", "email"},
    {"profile_invalid", "fullname"},
    // Names.
    {"name_invalid", "name display_name group token_name"},
    {"name_taken", "name"},
    {"person_not_found", "person"},
    {"member_not_found", "person"},
    {"group_exists", "group"},
    {"context_exists", "context"},
    {"invalid_context_name", "context"},
    {"project_exists", "project_name"},
    {"invalid_project_name", "project_name"},
    {"repository_exists", "project_name"},
    {"invalid_repository_url", "repository_url"},
    {"invalid_vcs_origin", "repository_url"},
    {"invalid_ref_name", "default_branch branch"},
    {"ref_not_found", "branch"},
    {"pipeline_definition_exists", "definition_name"},
    {"invalid_pipeline_definition", "definition_name"},
    {"invalid_file_path", "config_path"},
    // Variables and restrictions.
    {"invalid_variable_name", "variable"},
    {"invalid_project_variable", "variable"},
    {"variable_too_large", "value"},
    {"invalid_expression", "value"},
    {"invalid_restriction", "value"},
    // Releases, webhooks, checks.
    {"invalid_dist_tag", "tag"},
    {"invalid_decision", "reason"},
    {"passkey_required", "otp"},
    {"invalid_hook", "url"},
    {"invalid_check", "claims token"},
    {"invalid_package_name", "name"},
};

/// The field of the claim that the refusal of a trusted publisher names. Where a publisher names
/// its claims itself, a field of all of them, even of one that another provider has a field for.
std::string publisher_field(const Failure& failure) {
  const auto is_about = [&](std::string_view claim) {
    return failure.message.contains(fmt::format("claims[\"{}\"]", claim));
  };
  for (const trust::Provider* provider : trust::providers()) {
    for (const trust::ClaimRule& rule : provider->claims) {
      if (is_about(rule.name)) return fmt::format("{} claims", rule.form_field());
    }
    for (const trust::LearntClaim& learnt : provider->learnt) {
      if (is_about(learnt.name)) return fmt::format("{} claims", learnt.name);
    }
  }
  if (failure.message.contains("claims")) return "claims";
  return failure.message.contains("issuer") ? "issuer" : "";
}

/// The field of the policy that the refusal names.
std::string_view policy_field(const Failure& failure) {
  if (failure.message.contains("\"expiresAfter\"")) return "expires_after";
  return failure.message.contains("\"group\"") ? "group" : "approvals";
}

}  // namespace

std::string field_of(const Failure& failure) {
  if (failure.code() == "invalid_permissions") return "permission";
  if (failure.code() == "invalid_publisher") return publisher_field(failure);
  if (failure.code() == "invalid_stage_policy") return std::string(policy_field(failure));
  for (const auto& [code, field] : kFields) {
    if (code == failure.code()) return std::string(field);
  }
  return {};
}

}  // namespace imp::web
