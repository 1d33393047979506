// A publisher and a token, made independently of each other, and whether the one satisfies the
// other: compare() against the same rules said once more, as plainly as possible. The input is one
// document,
// {"type", "claims", "token"}.

#include <algorithm>
#include <boost/json.hpp>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "jose/strict_json.h"
#include "registry/packages/semver.h"
#include "registry/trust/providers/generic/generic.h"
#include "registry/trust/providers/provider.h"
#include "registry/trust/ref_pattern.h"
#include "registry/trust/required_claims.h"

namespace {

namespace json = boost::json;
using namespace imp::trust;

std::optional<std::string> text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

std::string before_last_slash(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

/// "@refs/…", or "@" and the hash of a commit.
bool is_at(const std::string& text) {
  if (text.starts_with("@refs/")) return text.size() > 6;
  if (!text.starts_with("@") || (text.size() != 41 && text.size() != 65)) return false;
  return text.find_first_not_of("0123456789abcdef", 1) == std::string::npos;
}

constexpr std::string_view kVersion = "{{version}}";

/// A pattern by trying everything out; short texts only, it takes exponential time.
bool stands_for(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.starts_with(kVersion)) {
    for (std::size_t n = 1; n <= text.size(); ++n) {
      if (imp::registry::is_canonical_version(text.substr(0, n)) &&
          stands_for(pattern.substr(kVersion.size()), text.substr(n))) {
        return true;
      }
    }
    return false;
  }
  if (pattern.front() == '*') {
    if (stands_for(pattern.substr(1), text)) return true;
    return !text.empty() && text.front() != '/' && stands_for(pattern, text.substr(1));
  }
  return !text.empty() && text.front() == pattern.front() &&
         stands_for(pattern.substr(1), text.substr(1));
}
/// Patterns that would take too long are not judged.
std::optional<bool> matches(const std::string& pattern, const std::optional<std::string>& text) {
  if (!text) return false;
  if (std::ranges::count(pattern, '*') > 3 || text->size() > 64) return std::nullopt;
  return stands_for(pattern, *text);
}

std::string file_of_claim(const json::object& claims, std::string_view name) {
  return text_of(claims.at(name).as_object(), "file").value();
}

/// Whether the token has exactly what the claims name; nothing where that is not judged.
std::optional<bool> github_agrees(const json::object& claims, const json::object& token) {
  const std::string repository = text_of(claims, "repository").value();
  if (text_of(token, "repository") != repository) return false;
  if (text_of(token, "repository_owner") != before_last_slash(repository)) return false;
  const std::string workflow = text_of(token, "workflow_ref").value_or("");
  const std::string path =
      repository + "/.github/workflows/" + file_of_claim(claims, "workflow_ref");
  if (!workflow.starts_with(path) || !is_at(workflow.substr(path.size()))) return false;
  if (const auto wanted = text_of(claims, "environment")) {
    if (text_of(token, "environment") != *wanted) return false;
  }
  if (const auto wanted = text_of(claims, "job_workflow_ref")) {
    const std::string called = text_of(token, "job_workflow_ref").value_or("");
    const bool same = called == *wanted && wanted->find('@') != std::string::npos;
    const bool at_any = wanted->find('@') == std::string::npos && called.starts_with(*wanted) &&
                        is_at(called.substr(wanted->size()));
    if (!same && !at_any) return false;
  }
  const auto ref = text_of(claims, "ref");
  return ref ? matches(*ref, text_of(token, "ref")) : true;
}

std::optional<bool> gitlab_agrees(const json::object& claims, const json::object& token) {
  const std::string project = text_of(claims, "project_path").value();
  if (text_of(token, "project_path") != project) return false;
  if (text_of(token, "namespace_path") != before_last_slash(project)) return false;
  const std::string ref = text_of(token, "ref_path").value_or("");
  const std::string uri = text_of(token, "ci_config_ref_uri").value_or("");
  const auto slash = uri.find('/');
  if (!ref.starts_with("refs/") || slash == 0 || slash == std::string::npos) return false;
  // <project>//<folder/…><file>@<ref>
  const std::string rest = uri.substr(slash + 1), head = project + "//";
  const std::string tail = file_of_claim(claims, "ci_config_ref_uri") + "@" + ref;
  if (rest.size() < head.size() + tail.size() || !rest.starts_with(head) || !rest.ends_with(tail)) {
    return false;
  }
  const std::string folder = rest.substr(head.size(), rest.size() - head.size() - tail.size());
  if (!folder.empty() && !folder.ends_with('/')) return false;
  if (const auto wanted = text_of(claims, "environment")) {
    if (text_of(token, "environment") != *wanted) return false;
  }
  const auto wanted = text_of(claims, "ref_path");
  return wanted ? matches(*wanted, ref) : true;
}

std::optional<bool> circleci_agrees(const json::object& claims, const json::object& token) {
  const std::string prefix = "oidc.circleci.com/";
  for (const char* name : {"org-id", "project-id", "pipeline-definition-id", "vcs-origin"}) {
    if (text_of(token, prefix + name) != text_of(claims, prefix + name).value()) return false;
  }
  if (const json::value* wanted = claims.if_contains(prefix + "context-ids")) {
    const json::value* held = token.if_contains(prefix + "context-ids");
    if (!held || !held->is_array()) return false;
    const json::array& list = held->get_array();
    if (!std::ranges::all_of(list, [](const json::value& id) { return id.is_string(); })) {
      return false;
    }
    for (const json::value& id : wanted->as_array()) {
      if (std::ranges::find(list, id) == list.end()) return false;
    }
  }
  const auto ref = text_of(claims, prefix + "vcs-ref");
  return ref ? matches(*ref, text_of(token, prefix + "vcs-ref")) : true;
}

std::optional<bool> generic_agrees(const json::object& claims, const json::object& token) {
  std::optional<bool> agrees = true;
  for (const auto& claim : claims) {
    const auto received = text_of(token, claim.key());
    const std::string wanted(claim.value().as_string());
    const bool pattern = &form_of_open_claim(claim.key()) == &kAnyRef;
    const auto one = pattern ? matches(wanted, received) : std::optional(received == wanted);
    if (one == false) return false;
    if (!one) agrees = std::nullopt;
  }
  return agrees;
}

std::optional<bool> agrees(const Provider& provider, const json::object& claims,
                           const json::object& token) {
  if (provider.type == "github") return github_agrees(claims, token);
  if (provider.type == "gitlab") return gitlab_agrees(claims, token);
  if (provider.type == "circleci") return circleci_agrees(claims, token);
  return generic_agrees(claims, token);
}

/// The identifiers that the publisher pins, beside what agrees() looks at.
bool has_identifiers(const json::object& learnt, const json::object& token) {
  return std::ranges::all_of(learnt, [&](const auto& id) {
    return text_of(token, id.key()) == std::string(id.value().as_string());
  });
}

void judge(const Provider& provider, const json::object& wanted, const json::object& token) {
  const auto parsed = RequiredClaims::parse(provider, wanted);
  if (!parsed) return;
  // What is kept reads back as itself.
  if (RequiredClaims::parse(provider, parsed->to_json()).value() != *parsed) std::abort();
  const Comparison comparison = compare(*parsed, token);
  const auto should = agrees(provider, parsed->to_json(), token);
  const bool identified = has_identifiers(parsed->learnt(), token);
  if (should && comparison.agreed() != (*should && identified)) std::abort();
  // Values are told to whoever is proved to be the publisher's own project; that takes its name.
  const auto project =
      std::ranges::find(provider.claims, ClaimRule::Part::project, &ClaimRule::part);
  if (comparison.same_project() && project != provider.claims.end() &&
      text_of(token, project->name) != text_of(parsed->to_json(), project->name)) {
    std::abort();
  }
  if (comparison.resurrected() && comparison.agreed()) std::abort();
  if (!comparison.agreed()) return;
  // After it has learnt the identifiers it agrees with this token, and with no other identifiers.
  RequiredClaims learned = *parsed;
  learned.learn_from(token);
  if (!compare(learned, token).agreed()) std::abort();
  for (const LearntClaim& claim : provider.learnt) {
    if (!learned.learnt().contains(claim.name)) continue;
    json::object other = token;
    other[claim.name] = text_of(token, claim.name).value() + "0";
    if (compare(learned, other).agreed() || !compare(learned, other).resurrected()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = imp::jose::parse_strict_object(text, {});
  if (!document) return 0;
  const json::value* claims = document->if_contains("claims");
  const json::value* token = document->if_contains("token");
  const Provider* provider = provider_of_type(text_of(*document, "type").value_or(""));
  if (!provider || !claims || !claims->is_object() || !token || !token->is_object()) return 0;
  judge(*provider, claims->get_object(), token->get_object());
  return 0;
}
