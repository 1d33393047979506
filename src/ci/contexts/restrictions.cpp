#include "ci/contexts/restrictions.h"

#include <fmt/format.h>

#include <algorithm>

#include "audit/log.h"
#include "base/uuid.h"
#include "ci/contexts/audit_record.h"
#include "ci/contexts/contexts.h"
#include "ci/expressions/expression.h"

namespace imp::ci {
namespace {

constexpr std::size_t restrictions_per_context = 200;

Restriction restriction_of(const db::Row& row) {
  Restriction restriction;
  restriction.context_id = row.text(0);
  restriction.id = row.text(1);
  // A kind that nobody can read must restrict, not vanish: as an expression it never evaluates.
  restriction.kind = restriction_kind(row.text(2)).value_or(RestrictionKind::expression);
  restriction.value = row.text(3);
  restriction.name = row.text(4);
  restriction.created = from_milliseconds(row.integer(5));
  return restriction;
}

void insert(db::Session& session, const Restriction& restriction) {
  session.run(
      "INSERT INTO ci_context_restrictions (context_id, id, kind, value, name, created) "
      "VALUES (:p1, :p2, :p3, :p4, :p5, :p6)",
      {restriction.context_id, restriction.id, std::string(name(restriction.kind)),
       restriction.value, restriction.name, to_milliseconds(restriction.created)});
}

std::string added_event(RestrictionKind kind) {
  return kind == RestrictionKind::group ? "context.group_add" : "context.restriction.create";
}
std::string removed_event(RestrictionKind kind) {
  return kind == RestrictionKind::group ? "context.group_remove" : "context.restriction.delete";
}

audit::Record record_of(const accounts::Actor& by, std::string action, const Context& context,
                        const Restriction& restriction, Time now) {
  return audit_record(by, std::move(action), "context:" + context.id, context.organization_id, now,
                      {{"context", context.name},
                       {"restriction", restriction.id},
                       {"type", name(restriction.kind)},
                       {"value", restriction.value}});
}

std::unexpected<Failure> no_context() {
  return refuse(ContextRefusal::context_not_found, "There is no such context.");
}

Result<void> check_value(const NewRestriction& restriction) {
  if (restriction.kind == RestrictionKind::expression) {
    return check_restriction_expression(restriction.value);
  }
  if (is_uuid(restriction.value)) return {};
  return refuse(ContextRefusal::invalid_restriction,
                fmt::format("The value of a {} restriction is the {}'s id, a UUID.",
                            name(restriction.kind), name(restriction.kind)));
}

}  // namespace

Result<void> check_restriction_expression(std::string_view expression) {
  const auto parsed = expr::parse(expression);
  if (!parsed) {
    return refuse(ContextRefusal::invalid_expression, parsed.error().message(expression));
  }
  for (const std::string& variable : parsed->identifiers()) {
    if (variable.starts_with("pipeline.trigger_parameters.")) {
      return refuse(ContextRefusal::invalid_expression,
                    fmt::format("A restriction cannot depend on \"{}\": whoever starts a pipeline "
                                "chooses trigger parameters.",
                                variable));
    }
  }
  return {};
}

Result<Restriction> Restrictions::add(const NewRestriction& wanted, const accounts::Actor& by) {
  if (auto checked = check_value(wanted); !checked) return pass_on(checked);
  return database_.write([&](db::Session& session) -> Result<Restriction> {
    const auto context = Contexts::find(session, wanted.context_id);
    if (!context) return no_context();
    const auto existing = list(session, context->id);
    const auto same = std::ranges::find_if(existing, [&](const Restriction& restriction) {
      return restriction.kind == wanted.kind && restriction.value == wanted.value;
    });
    if (same != existing.end()) return *same;
    if (existing.size() >= restrictions_per_context) {
      return refuse(ContextRefusal::invalid_restriction,
                    fmt::format("The context has {} restrictions already, which is the limit.",
                                restrictions_per_context));
    }
    if (wanted.kind == RestrictionKind::group && wanted.value == context->organization_id) {
      insert_all_members(session, *context);
    } else {
      insert(session,
             {new_uuid(), context->id, wanted.kind, wanted.value, wanted.name, clock_.now()});
    }
    const auto now_listed = list(session, context->id);
    const auto added = std::ranges::find_if(now_listed, [&](const Restriction& restriction) {
      return restriction.kind == wanted.kind && restriction.value == wanted.value;
    });
    audit::append(session, record_of(by, added_event(wanted.kind), *context, *added, clock_.now()));
    return *added;
  });
}

Result<std::vector<Restriction>> Restrictions::list(std::string_view context_id) const {
  return database_.read([&](db::Session& session) -> Result<std::vector<Restriction>> {
    return list(session, context_id);
  });
}

Result<void> Restrictions::remove(std::string_view context_id, std::string_view id,
                                  const accounts::Actor& by) {
  return database_.write([&](db::Session& session) -> Result<void> {
    const auto context = Contexts::find(session, context_id);
    if (!context) return no_context();
    const auto existing = list(session, context->id);
    const auto found = std::ranges::find(existing, id, &Restriction::id);
    if (found == existing.end()) {
      return refuse(ContextRefusal::restriction_not_found, "The context has no such restriction.");
    }
    session.run("DELETE FROM ci_context_restrictions WHERE context_id = :p1 AND id = :p2",
                {context->id, found->id});
    audit::append(session,
                  record_of(by, removed_event(found->kind), *context, *found, clock_.now()));
    return {};
  });
}

std::vector<Restriction> Restrictions::list(db::Session& session, std::string_view context_id) {
  std::vector<Restriction> restrictions;
  for (const db::Row& row : session.rows(
           "SELECT context_id, id, kind, value, name, created FROM ci_context_restrictions "
           "WHERE context_id = :p1 ORDER BY created, id",
           {std::string(context_id)})) {
    restrictions.push_back(restriction_of(row));
  }
  return restrictions;
}

void Restrictions::insert_all_members(db::Session& session, const Context& context) {
  insert(session, {context.organization_id, context.id, RestrictionKind::group,
                   context.organization_id, "All members", context.created});
}

}  // namespace imp::ci
