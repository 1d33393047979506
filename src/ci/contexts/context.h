#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/failure.h"

namespace imp::ci {

enum class ContextRefusal {
  invalid_context_name,
  context_exists,
  too_many_contexts,
  context_not_found,
  invalid_variable_name,
  variable_too_large,
  too_many_variables,
  variable_not_found,
  invalid_restriction,
  invalid_expression,
  restriction_not_found,
};
Reason reason(ContextRefusal refusal);

inline constexpr std::size_t context_name_limit = 200;  ///< characters
inline constexpr std::size_t contexts_per_organization = 500;
inline constexpr std::size_t variables_per_context = 100;

/// A named set of secrets that jobs ask for by name.
struct Context {
  std::string id;  ///< UUID; appears in the `context-ids` claim
  std::string organization_id;
  std::string name;
  Time created;
};

/// A variable as others may see it: values are write-only.
struct ContextVariable {
  std::string context_id;
  std::string name;
  std::string masked_value;
  Time created;
  Time updated;
};

enum class RestrictionKind { group, project, expression };
std::string_view name(RestrictionKind kind);  ///< "group", "project", "expression"
std::optional<RestrictionKind> restriction_kind(std::string_view name);

/// One condition under which a context may be used.
struct Restriction {
  std::string id;
  std::string context_id;
  RestrictionKind kind = RestrictionKind::group;
  std::string value;  ///< group: a group's id, or the organization's id for "All members";
                      ///< project: a project's id; expression: its text
  std::string name;   ///< for people: "All members", the group's or project's name, or empty
  Time created;
};

}  // namespace imp::ci
