#include "ci/api/context_json.h"

namespace imp::ci {

boost::json::object to_json(const Context& context) {
  return {{"id", context.id},
          {"name", context.name},
          {"created_at", iso8601(context.created)},
          {"org_id", context.organization_id}};
}

boost::json::object to_json(const ContextVariable& variable) {
  return {{"variable", variable.name},
          {"truncated_value", variable.masked_value},
          {"created_at", iso8601(variable.created)},
          {"updated_at", iso8601(variable.updated)},
          {"context_id", variable.context_id}};
}

boost::json::object to_json(const Restriction& restriction) {
  boost::json::object object{{"id", restriction.id},
                             {"context_id", restriction.context_id},
                             {"name", restriction.name},
                             {"restriction_type", name(restriction.kind)},
                             {"restriction_value", restriction.value}};
  if (restriction.kind == RestrictionKind::project) object["project_id"] = restriction.value;
  return object;
}

}  // namespace imp::ci
