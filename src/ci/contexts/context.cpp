#include "ci/contexts/context.h"

namespace imp::ci {

Reason reason(ContextRefusal refusal) {
  switch (refusal) {
    case ContextRefusal::invalid_context_name:
      return {"invalid_context_name", FailureKind::invalid};
    case ContextRefusal::context_exists:
      return {"context_exists", FailureKind::conflict};
    case ContextRefusal::too_many_contexts:
      return {"too_many_contexts", FailureKind::invalid};
    case ContextRefusal::context_not_found:
      return {"context_not_found", FailureKind::not_found};
    case ContextRefusal::invalid_variable_name:
      return {"invalid_variable_name", FailureKind::invalid};
    case ContextRefusal::variable_too_large:
      return {"variable_too_large", FailureKind::invalid};
    case ContextRefusal::too_many_variables:
      return {"too_many_variables", FailureKind::invalid};
    case ContextRefusal::variable_not_found:
      return {"variable_not_found", FailureKind::not_found};
    case ContextRefusal::invalid_restriction:
      return {"invalid_restriction", FailureKind::invalid};
    case ContextRefusal::invalid_expression:
      return {"invalid_expression", FailureKind::invalid};
    case ContextRefusal::restriction_not_found:
      return {"restriction_not_found", FailureKind::not_found};
  }
  return {"internal", FailureKind::internal};
}

std::string_view name(RestrictionKind kind) {
  switch (kind) {
    case RestrictionKind::group:
      return "group";
    case RestrictionKind::project:
      return "project";
    case RestrictionKind::expression:
      return "expression";
  }
  return "";
}

std::optional<RestrictionKind> restriction_kind(std::string_view text) {
  for (const RestrictionKind kind :
       {RestrictionKind::group, RestrictionKind::project, RestrictionKind::expression}) {
    if (text == name(kind)) return kind;
  }
  return std::nullopt;
}

}  // namespace imp::ci
