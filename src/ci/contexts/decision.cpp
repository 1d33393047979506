#include "ci/contexts/decision.h"

#include <fmt/format.h>

#include <algorithm>

#include "ci/expressions/evaluate.h"

namespace imp::ci {
namespace {

std::vector<Restriction> of_kind(const std::vector<Restriction>& all, RestrictionKind kind) {
  std::vector<Restriction> found;
  std::ranges::copy_if(all, std::back_inserter(found),
                       [&](const Restriction& restriction) { return restriction.kind == kind; });
  return found;
}

/// "core team, All members": by name where there is one.
std::string listed(const std::vector<Restriction>& restrictions) {
  std::string text;
  for (const Restriction& restriction : restrictions) {
    if (!text.empty()) text += ", ";
    text += restriction.name.empty() ? restriction.value : restriction.name;
  }
  return text;
}

Decision deny(Denial denial, std::string reason, std::string restriction_id = {}) {
  return {denial, std::move(restriction_id), std::move(reason)};
}

bool in_group(const ContextActor& actor, std::string_view group, std::string_view organization_id) {
  // Somebody who left the organisation may still be listed in a group that was read before.
  if (!actor.organization_member) return false;
  if (group == organization_id) return true;
  return std::ranges::find(actor.group_ids, group) != actor.group_ids.end();
}

Decision decide_projects(const ContextUse& use) {
  const auto projects = of_kind(use.restrictions, RestrictionKind::project);
  const bool is_listed = std::ranges::any_of(projects, [&](const Restriction& restriction) {
    return !use.project_id.empty() && restriction.value == use.project_id;
  });
  if (projects.empty() || is_listed) return {};
  return deny(Denial::other_project,
              fmt::format("Context \"{}\" may be used only in these projects: {}. This job runs in "
                          "project {}.",
                          use.context_name, listed(projects), use.project_id),
              projects.size() == 1 ? projects.front().id : "");
}

/// Whoever starts a pipeline chooses its parameters: they must not open a context.
bool is_chosen_by_starter(std::string_view variable) {
  return variable.starts_with("pipeline.parameters.") ||
         variable.starts_with("pipeline.trigger_parameters.");
}

expr::Environment visible_to(const expr::Expression& expression, const expr::Environment* values) {
  expr::Environment visible;
  if (!values) return visible;
  for (const std::string& variable : expression.identifiers()) {
    const expr::Value* value = values->find(variable);
    if (value && !is_chosen_by_starter(variable)) visible.set(variable, *value);
  }
  return visible;
}

Decision decide_expression(const ContextUse& use, const Restriction& restriction) {
  const auto failed = [&](const expr::Error& error) {
    return deny(Denial::expression_failed,
                fmt::format("Context \"{}\" is restricted by an expression that could not be "
                            "evaluated in this pipeline, which counts as no.\n{}",
                            use.context_name, error.message(restriction.value)),
                restriction.id);
  };
  const auto expression = expr::parse(restriction.value);
  if (!expression) return failed(expression.error());
  const expr::Verdict verdict = expr::judge(*expression, visible_to(*expression, use.values));
  if (verdict.error) return failed(*verdict.error);
  if (verdict.allowed) return {};
  return deny(Denial::expression_false,
              fmt::format("Context \"{}\" is restricted by an expression that is false in this "
                          "pipeline: {}",
                          use.context_name, restriction.value),
              restriction.id);
}

}  // namespace

std::string_view name(Denial denial) {
  switch (denial) {
    case Denial::none:
      return "allowed";
    case Denial::no_actor:
      return "no_actor";
    case Denial::not_in_group:
      return "not_in_group";
    case Denial::administrators_only:
      return "administrators_only";
    case Denial::other_project:
      return "other_project";
    case Denial::expression_false:
      return "expression_false";
    case Denial::expression_failed:
      return "expression_failed";
  }
  return "";
}

Decision decide_groups(std::string_view context_name, std::string_view organization_id,
                       const std::vector<Restriction>& restrictions,
                       const std::optional<ContextActor>& actor) {
  const auto groups = of_kind(restrictions, RestrictionKind::group);
  if (!actor || actor->person_id.empty()) {
    return deny(
        Denial::no_actor,
        fmt::format("Context \"{}\" may be used only by people{}, and nobody started this "
                    "workflow.",
                    context_name, groups.empty() ? "" : " in these groups: " + listed(groups)));
  }
  if (actor->organization_admin) return {};
  if (groups.empty()) {
    return deny(
        Denial::administrators_only,
        fmt::format("Context \"{}\" has no group restriction left, so only administrators of "
                    "the organization may use it.",
                    context_name));
  }
  const bool is_member = std::ranges::any_of(groups, [&](const Restriction& restriction) {
    return in_group(*actor, restriction.value, organization_id);
  });
  if (is_member) return {};
  return deny(
      Denial::not_in_group,
      fmt::format("Context \"{}\" may be used only by members of these groups: {}. The person "
                  "who started this workflow, or approved it, is in none of them.",
                  context_name, listed(groups)),
      groups.size() == 1 ? groups.front().id : "");
}

Decision decide(const ContextUse& use) {
  if (auto groups =
          decide_groups(use.context_name, use.organization_id, use.restrictions, use.actor);
      !groups.allowed()) {
    return groups;
  }
  if (auto projects = decide_projects(use); !projects.allowed()) return projects;
  for (const Restriction& restriction : of_kind(use.restrictions, RestrictionKind::expression)) {
    if (auto decision = decide_expression(use, restriction); !decision.allowed()) return decision;
  }
  return {};
}

}  // namespace imp::ci
