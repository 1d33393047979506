#include "registry/staging/origin_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

namespace imp::registry {

namespace {

/// What tells one pipeline from another, whatever the provider. Commits, numbers and ids of runs
/// differ each time.
constexpr std::array<std::string_view, 16> kCompared = {
    "iss",          "org-id",       "project-id",       "pipeline-definition-id",
    "vcs-origin",   "vcs-ref",      "context-ids",      "repository",
    "project_path", "workflow_ref", "job_workflow_ref", "ci_config_ref_uri",
    "ref",          "ref_path",     "event_name",       "environment"};

std::string text_of(const boost::json::object& run, std::string_view name) {
  const boost::json::value* value = run.if_contains(name);
  if (value == nullptr || value->is_null()) return {};
  return value->is_string() ? std::string(value->get_string()) : boost::json::serialize(*value);
}

std::string text_of(const std::optional<BundleJudgement>& bundle) {
  if (!bundle) return {};
  // What a bundle says that nobody verified is not shown.
  if (!bundle->verified) return "not verified";
  return fmt::format("verified: {}, {}", bundle->signer.source_repository,
                     bundle->signer.build_config);
}

bool is_verified(const std::optional<BundleJudgement>& bundle) {
  return bundle && bundle->verified;
}

void add(std::vector<OriginChange>& changes, std::string what, std::string before,
         std::string after) {
  if (before != after) changes.push_back({std::move(what), std::move(before), std::move(after)});
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// The claims that are compared of two runs, as they are kept.
std::vector<std::string> compared(const Origin& before, const Origin& after) {
  std::vector<std::string> names(kCompared.begin(), kCompared.end());
  for (const trust::Provider* provider : {before.provider, after.provider}) {
    if (!provider) continue;
    for (const trust::ClaimRule& rule : provider->claims) {
      const std::string name = trust::name_in_run(*provider, rule.name);
      if (!contains(names, name)) names.push_back(name);
    }
  }
  return names;
}

std::string runner_of(const Origin& origin) {
  if (!origin.provider) return {};
  return std::string(trust::runner_class(*origin.provider, origin.run).value_or(""));
}

}  // namespace

std::vector<OriginChange> origin_changes(const Origin& before, const Origin& after) {
  std::vector<OriginChange> changes;
  add(changes, "published by", before.publisher, after.publisher);
  for (const std::string& name : before.maintainers) {
    if (!contains(after.maintainers, name)) changes.push_back({"maintainer", name, {}});
  }
  for (const std::string& name : after.maintainers) {
    if (!contains(before.maintainers, name)) changes.push_back({"maintainer", {}, name});
  }
  if (!before.run.empty() && !after.run.empty()) {
    for (const std::string& name : compared(before, after)) {
      add(changes, fmt::format("run.{}", name), text_of(before.run, name),
          text_of(after.run, name));
    }
    add(changes, "runner", runner_of(before), runner_of(after));
  }
  add(changes, "provenance", text_of(before.bundle), text_of(after.bundle));
  return changes;
}

std::vector<std::string> provenance_warnings(const std::string& version, const Origin& before,
                                             const Origin& after) {
  std::vector<std::string> warnings;
  if (before.bundle && !after.bundle) {
    warnings.push_back(fmt::format("{} came with provenance; this one has none.", version));
  } else if (is_verified(before.bundle) && !is_verified(after.bundle)) {
    warnings.push_back(
        fmt::format("The provenance of {} was verified; that of this one cannot be.", version));
  } else if (is_verified(before.bundle) &&
             before.bundle->signer.source_repository != after.bundle->signer.source_repository) {
    warnings.push_back(fmt::format("Its provenance names another repository than that of {}: {}.",
                                   version, after.bundle->signer.source_repository));
  }
  return warnings;
}

}  // namespace imp::registry
