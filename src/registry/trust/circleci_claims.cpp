#include "registry/trust/circleci_claims.h"

#include <algorithm>
#include <boost/json.hpp>

#include "audit/clean_text.h"
#include "base/encoding.h"
#include "base/uuid.h"
#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

constexpr std::string_view kOrganization = "oidc.circleci.com/org-id";
constexpr std::string_view kProject = "oidc.circleci.com/project-id";
constexpr std::string_view kDefinition = "oidc.circleci.com/pipeline-definition-id";
constexpr std::string_view kOrigin = "oidc.circleci.com/vcs-origin";
constexpr std::string_view kContexts = "oidc.circleci.com/context-ids";
constexpr std::string_view kSshRerun = "oidc.circleci.com/ssh-rerun";
constexpr std::size_t kMaxContexts = 100;
constexpr std::size_t kLongestShown = 512;  // of what a token had, in records and answers

std::unexpected<Failure> invalid(std::string_view member, std::string_view what) {
  return refuse(
      TrustRefusal::invalid_publisher,
      fmt::format("Invalid trusted publisher configuration: claims[\"{}\"] {}.", member, what));
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

Result<std::string> uuid_member(const boost::json::object& claims, std::string_view member) {
  const boost::json::value* value = claims.if_contains(member);
  if (!value || !value->is_string() || !is_uuid(value->as_string())) {
    return invalid(member, "must be a UUID, such as the ones on the project's settings pages");
  }
  return lower(std::string(value->as_string()));
}

/// host/owner/repository: at least three parts, nothing that belongs to a URL instead.
bool is_vcs_origin(std::string_view origin) {
  if (origin.size() > 512 || !is_utf8(origin) || origin.contains("://")) return false;
  int parts = 0;
  for (std::size_t from = 0; from <= origin.size();) {
    const std::size_t end = std::min(origin.find('/', from), origin.size());
    const std::string_view part = origin.substr(from, end - from);
    if (part.empty() || part == "." || part == "..") return false;
    ++parts;
    from = end + 1;
  }
  return parts >= 3 && std::ranges::none_of(origin, [](char c) {
           return static_cast<unsigned char>(c) <= ' ' || c == '?' || c == '#' || c == '@' ||
                  c == '\x7f';
         });
}

/// The strings of an array claim; nothing when it is absent, no array, or holds anything else.
std::optional<std::vector<std::string>> strings_claim(const boost::json::object& token,
                                                      std::string_view name) {
  const boost::json::value* value = token.if_contains(name);
  if (!value || !value->is_array()) return std::nullopt;
  std::vector<std::string> strings;
  for (const boost::json::value& item : value->as_array()) {
    if (!item.is_string()) return std::nullopt;
    strings.emplace_back(item.as_string());
  }
  return strings;
}

std::string joined(const std::vector<std::string>& ids) {
  std::string all;
  for (const std::string& id : ids) all += (all.empty() ? "" : ", ") + id;
  return all.empty() ? "(none)" : all;
}

ClaimRow text_row(std::string_view claim, const std::string& expected,
                  const boost::json::object& token) {
  const auto received = string_claim(token, claim);
  // A publisher that could not be read expects nothing, and nothing must be what it gets.
  const bool agreed = !expected.empty() && received == std::string_view(expected);
  return {std::string(claim), expected,
          audit::clean_text(received.value_or("(absent)"), kLongestShown), agreed,
          received.has_value()};
}

}  // namespace

std::optional<std::string_view> string_claim(const boost::json::object& token,
                                             std::string_view name) {
  const boost::json::value* value = token.if_contains(name);
  if (!value || !value->is_string()) return std::nullopt;
  return std::string_view(value->as_string());
}

Result<CircleCiClaims> CircleCiClaims::parse(const boost::json::object& claims) {
  for (const auto& member : claims) {
    const std::string_view key = member.key();
    if (key != kOrganization && key != kProject && key != kDefinition && key != kOrigin &&
        key != kContexts) {
      return invalid(key, "is not a claim that a CircleCI publisher can require");
    }
  }
  CircleCiClaims parsed;
  for (const auto& [member, target] :
       {std::pair{kOrganization, &parsed.organization_id}, std::pair{kProject, &parsed.project_id},
        std::pair{kDefinition, &parsed.pipeline_definition_id}}) {
    auto value = uuid_member(claims, member);
    if (!value) return pass_on(value);
    *target = std::move(*value);
  }
  const auto origin = string_claim(claims, kOrigin);
  if (!origin || !is_vcs_origin(*origin)) {
    return invalid(
        kOrigin, "must be host/owner/repository without a scheme, such as github.com/acme/widgets");
  }
  parsed.vcs_origin = *origin;
  if (claims.contains(kContexts)) {
    auto contexts = strings_claim(claims, kContexts);
    if (!contexts || contexts->size() > kMaxContexts || !std::ranges::all_of(*contexts, is_uuid)) {
      return invalid(kContexts, fmt::format("must be a list of at most {} UUIDs", kMaxContexts));
    }
    for (std::string& id : *contexts) parsed.context_ids.push_back(lower(std::move(id)));
    std::ranges::sort(parsed.context_ids);
    const auto repeated = std::ranges::unique(parsed.context_ids);
    parsed.context_ids.erase(repeated.begin(), repeated.end());
  }
  return parsed;
}

boost::json::object CircleCiClaims::to_json() const {
  boost::json::object json{{kOrganization, organization_id},
                           {kProject, project_id},
                           {kDefinition, pipeline_definition_id},
                           {kOrigin, vcs_origin}};
  if (!context_ids.empty()) json[kContexts] = boost::json::value_from(context_ids);
  return json;
}

bool Comparison::agreed() const { return first_mismatch() == nullptr; }

const ClaimRow* Comparison::first_mismatch() const {
  const auto found = std::ranges::find(rows, false, &ClaimRow::agreed);
  return found == rows.end() ? nullptr : &*found;
}

bool Comparison::same_project() const {
  return std::ranges::all_of(rows, [](const ClaimRow& row) {
    return row.agreed || (row.claim != kOrganization && row.claim != kProject);
  });
}

bool Comparison::same_organization() const {
  return std::ranges::any_of(
      rows, [](const ClaimRow& row) { return row.agreed && row.claim == kOrganization; });
}

Comparison compare(const CircleCiClaims& expected, const boost::json::object& token) {
  Comparison comparison;
  comparison.rows.push_back(text_row(kOrganization, expected.organization_id, token));
  comparison.rows.push_back(text_row(kProject, expected.project_id, token));
  comparison.rows.push_back(text_row(kDefinition, expected.pipeline_definition_id, token));
  comparison.rows.push_back(text_row(kOrigin, expected.vcs_origin, token));
  if (!expected.context_ids.empty()) {
    const auto received = strings_claim(token, kContexts);
    const bool all =
        received && std::ranges::all_of(expected.context_ids, [&](const std::string& id) {
          return std::ranges::find(*received, id) != received->end();
        });
    comparison.rows.push_back(
        {std::string(kContexts), joined(expected.context_ids),
         received ? audit::clean_text(joined(*received), kLongestShown) : "(absent)", all,
         received.has_value()});
  }
  return comparison;
}

Result<void> check_circleci_rules(const boost::json::object& token,
                                  const std::optional<std::string>& issuer_organization) {
  const boost::json::value* rerun = token.if_contains(kSshRerun);
  if (!rerun || !rerun->is_bool()) {
    return refuse(
        TrustRefusal::claim_missing,
        fmt::format("The token's claim {} must be a boolean, and is {}. Tokens that do not say "
                    "whether the job was rerun with SSH are not accepted.",
                    kSshRerun, rerun ? "not one" : "absent"));
  }
  if (rerun->as_bool()) {
    return refuse(
        TrustRefusal::ssh_rerun,
        fmt::format("The token's claim {} is true: the job was rerun with SSH, so a person could "
                    "have changed it. Rerun the workflow without SSH to publish.",
                    kSshRerun));
  }
  const auto organization = string_claim(token, kOrganization);
  if (!organization) {
    return refuse(
        TrustRefusal::claim_missing,
        fmt::format("The token has no claim {}, so it names no organisation.", kOrganization));
  }
  if (issuer_organization && *organization != *issuer_organization) {
    return refuse(
        TrustRefusal::tenant_mismatch,
        fmt::format("The token's issuer is that of organisation {}, but its claim {} is {}.",
                    *issuer_organization, kOrganization, *organization));
  }
  return {};
}

}  // namespace imp::trust
