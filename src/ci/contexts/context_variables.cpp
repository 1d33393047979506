#include "ci/contexts/context_variables.h"

#include <fmt/format.h>

#include "audit/log.h"
#include "ci/contexts/audit_record.h"
#include "ci/contexts/contexts.h"
#include "ci/contexts/variable_name.h"

namespace imp::ci {
namespace {

std::string purpose(std::string_view context_id, std::string_view name) {
  return fmt::format("context-variable/{}/{}", context_id, name);
}

Result<void> check(std::string_view name, std::string_view value) {
  if (!is_variable_name(name)) {
    return refuse(ContextRefusal::invalid_variable_name,
                  fmt::format("A variable name is 1 to {} letters, digits and '_', and does not "
                              "begin with a digit.",
                              variable_name_limit));
  }
  // An environment ends a value at NUL: what the job has would not be what its output masks.
  if (value.size() > variable_value_limit || value.contains('\0')) {
    return refuse(ContextRefusal::variable_too_large,
                  fmt::format("A variable's value has at most {} bytes, none of which is NUL.",
                              variable_value_limit));
  }
  return {};
}

audit::Record record_of(const accounts::Actor& by, std::string action, const Context& context,
                        std::string_view variable, Time now) {
  return audit_record(by, std::move(action), "context:" + context.id, context.organization_id, now,
                      {{"context", context.name}, {"variable", variable}});
}

std::unexpected<Failure> no_context() {
  return refuse(ContextRefusal::context_not_found, "There is no such context.");
}

}  // namespace

Result<ContextVariable> ContextVariables::store(std::string_view context_id, std::string_view name,
                                                std::string_view value, const accounts::Actor& by) {
  if (auto checked = check(name, value); !checked) return pass_on(checked);
  const std::string sealed = sealer_.seal(value, purpose(context_id, name));
  ContextVariable variable{std::string(context_id), std::string(name), masked(value), clock_.now(),
                           clock_.now()};
  return database_.write([&](db::Session& session) -> Result<ContextVariable> {
    const auto context = Contexts::find(session, context_id);
    if (!context) return no_context();
    const auto old = session.row(
        "SELECT created FROM ci_context_variables WHERE context_id = :p1 AND name = :p2",
        {variable.context_id, variable.name});
    if (old) {
      variable.created = from_milliseconds(old->integer(0));
      session.run(
          "UPDATE ci_context_variables SET sealed_value = :p1, updated = :p2 "
          "WHERE context_id = :p3 AND name = :p4",
          {sealed, to_milliseconds(variable.updated), variable.context_id, variable.name});
    } else {
      const auto count =
          session.row("SELECT COUNT(*) FROM ci_context_variables WHERE context_id = :p1",
                      {variable.context_id});
      if (count && count->integer(0) >= static_cast<std::int64_t>(variables_per_context)) {
        return refuse(ContextRefusal::too_many_variables,
                      fmt::format("The context has {} variables already, which is the limit.",
                                  variables_per_context));
      }
      session.run(
          "INSERT INTO ci_context_variables (context_id, name, sealed_value, created, updated) "
          "VALUES (:p1, :p2, :p3, :p4, :p5)",
          {variable.context_id, variable.name, sealed, to_milliseconds(variable.created),
           to_milliseconds(variable.updated)});
    }
    audit::append(session, record_of(by, "context.env_var.store", *context, name, clock_.now()));
    return variable;
  });
}

Result<std::vector<ContextVariable>> ContextVariables::list(std::string_view context_id) const {
  return database_.read([&](db::Session& session) -> Result<std::vector<ContextVariable>> {
    std::vector<ContextVariable> variables;
    for (const db::Row& row :
         session.rows("SELECT name, sealed_value, created, updated FROM ci_context_variables "
                      "WHERE context_id = :p1 ORDER BY name",
                      {std::string(context_id)})) {
      const auto value = sealer_.open(row.text(1), purpose(context_id, row.text(0)));
      if (!value) return pass_on(value);
      variables.push_back({std::string(context_id), row.text(0), masked(*value),
                           from_milliseconds(row.integer(2)), from_milliseconds(row.integer(3))});
    }
    return variables;
  });
}

Result<void> ContextVariables::remove(std::string_view context_id, std::string_view name,
                                      const accounts::Actor& by) {
  return database_.write([&](db::Session& session) -> Result<void> {
    const auto context = Contexts::find(session, context_id);
    if (!context) return no_context();
    if (session.run("DELETE FROM ci_context_variables WHERE context_id = :p1 AND name = :p2",
                    {context->id, std::string(name)}) == 0) {
      return refuse(ContextRefusal::variable_not_found,
                    fmt::format("Context \"{}\" has no such variable.", context->name));
    }
    audit::append(session, record_of(by, "context.env_var.delete", *context, name, clock_.now()));
    return {};
  });
}

Result<std::vector<SecretVariable>> ContextVariables::open_all(db::Session& session,
                                                               std::string_view context_id) const {
  std::vector<SecretVariable> variables;
  for (const db::Row& row : session.rows("SELECT name, sealed_value FROM ci_context_variables "
                                         "WHERE context_id = :p1 ORDER BY name",
                                         {std::string(context_id)})) {
    auto value = sealer_.open(row.text(1), purpose(context_id, row.text(0)));
    if (!value) return pass_on(value);
    variables.push_back({row.text(0), std::move(*value)});
  }
  return variables;
}

}  // namespace imp::ci
