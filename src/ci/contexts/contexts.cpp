#include "ci/contexts/contexts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "audit/log.h"
#include "base/encoding.h"
#include "base/uuid.h"
#include "ci/contexts/audit_record.h"
#include "ci/contexts/restrictions.h"

namespace imp::ci {
namespace {

constexpr std::string_view columns = "id, organization_id, name, created";

Context context_of(const db::Row& row) {
  return {row.text(0), row.text(1), row.text(2), from_milliseconds(row.integer(3))};
}

std::unexpected<Failure> not_found() {
  return refuse(ContextRefusal::context_not_found, "There is no such context.");
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(
      utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool has_control_or_vertical_space(std::string_view text) {
  // U+0085, U+2028 and U+2029 end a line as much as U+000A does.
  constexpr std::array<std::string_view, 3> line_ends{"\u0085", "\u2028", "\u2029"};
  return std::ranges::any_of(
             text, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }) ||
         std::ranges::any_of(line_ends, [&](std::string_view end) {
           return text.find(end) != std::string_view::npos;
         });
}

bool begins_with_space(std::string_view text) {
  return text.starts_with(' ') || text.starts_with('\t') || text.starts_with("\u00a0");
}
bool ends_with_space(std::string_view text) {
  return text.ends_with(' ') || text.ends_with('\t') || text.ends_with("\u00a0");
}

audit::Record record_of(const accounts::Actor& by, std::string action, const Context& context,
                        Time now) {
  return audit_record(by, std::move(action), "context:" + context.id, context.organization_id, now,
                      {{"context", context.name}});
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return result;
}

}  // namespace

std::vector<db::Migration> context_migrations() {
  return {{"ci-contexts/1",
           "CREATE TABLE ci_contexts (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, "
           "name TEXT NOT NULL, created BIGINT NOT NULL, UNIQUE (organization_id, name));\n"
           "CREATE TABLE ci_context_variables (context_id TEXT NOT NULL, name TEXT NOT NULL, "
           "sealed_value TEXT NOT NULL, created BIGINT NOT NULL, updated BIGINT NOT NULL, "
           "PRIMARY KEY (context_id, name));\n"
           "CREATE TABLE ci_context_restrictions (context_id TEXT NOT NULL, id TEXT NOT NULL, "
           "kind TEXT NOT NULL, value TEXT NOT NULL, name TEXT NOT NULL, created BIGINT NOT NULL, "
           "PRIMARY KEY (context_id, id));\n"}};
}

Result<void> check_context_name(std::string_view name) {
  const auto invalid = [](std::string_view why) {
    return refuse(ContextRefusal::invalid_context_name, fmt::format("A context name {}.", why));
  };
  if (!is_utf8(name)) return invalid("is UTF-8 text");
  if (name.empty()) return invalid("is not empty");
  if (characters(name) > context_name_limit) {
    return invalid(fmt::format("has at most {} characters", context_name_limit));
  }
  if (begins_with_space(name) || ends_with_space(name)) {
    return invalid("neither begins nor ends with white space");
  }
  if (has_control_or_vertical_space(name))
    return invalid("holds no line break or control character");
  return {};
}

Result<Context> Contexts::create(std::string_view organization_id, std::string_view name,
                                 const accounts::Actor& by) {
  if (auto checked = check_context_name(name); !checked) return pass_on(checked);
  const Context context{new_uuid(), std::string(organization_id), std::string(name), clock_.now()};
  return database_.write([&](db::Session& session) -> Result<Context> {
    const auto count = session.row("SELECT COUNT(*) FROM ci_contexts WHERE organization_id = :p1",
                                   {context.organization_id});
    if (count && count->integer(0) >= static_cast<std::int64_t>(contexts_per_organization)) {
      return refuse(ContextRefusal::too_many_contexts,
                    fmt::format("The organization has {} contexts already, which is the limit.",
                                contexts_per_organization));
    }
    const bool added = session.insert_if_absent(
        "INSERT INTO ci_contexts (id, organization_id, name, created) "
        "VALUES (:p1, :p2, :p3, :p4) ON CONFLICT DO NOTHING",
        {context.id, context.organization_id, context.name, to_milliseconds(context.created)});
    if (!added) {
      return refuse(ContextRefusal::context_exists,
                    fmt::format("The organization has a context named \"{}\" already.", name));
    }
    Restrictions::insert_all_members(session, context);
    audit::append(session, record_of(by, "context.create", context, context.created));
    return context;
  });
}

Result<Context> Contexts::find(std::string_view id) const {
  return database_.read([&](db::Session& session) -> Result<Context> {
    auto context = find(session, id);
    if (!context) return not_found();
    return std::move(*context);
  });
}

Result<std::vector<Context>> Contexts::list(std::string_view organization_id,
                                            std::string_view name_part) const {
  return database_.read([&](db::Session& session) -> Result<std::vector<Context>> {
    std::vector<Context> found;
    const std::string part = lower(name_part);
    for (const db::Row& row : session.rows(
             fmt::format("SELECT {} FROM ci_contexts WHERE organization_id = :p1 ORDER BY name",
                         columns),
             {std::string(organization_id)})) {
      Context context = context_of(row);
      if (lower(context.name).find(part) != std::string::npos) found.push_back(std::move(context));
    }
    return found;
  });
}

Result<void> Contexts::remove(std::string_view id, const accounts::Actor& by) {
  return database_.write([&](db::Session& session) -> Result<void> {
    const auto context = find(session, id);
    if (!context) return not_found();
    session.run("DELETE FROM ci_context_variables WHERE context_id = :p1", {context->id});
    session.run("DELETE FROM ci_context_restrictions WHERE context_id = :p1", {context->id});
    session.run("DELETE FROM ci_contexts WHERE id = :p1", {context->id});
    audit::append(session, record_of(by, "context.delete", *context, clock_.now()));
    return {};
  });
}

std::optional<Context> Contexts::find(db::Session& session, std::string_view id) {
  const auto row = session.row(fmt::format("SELECT {} FROM ci_contexts WHERE id = :p1", columns),
                               {std::string(id)});
  if (!row) return std::nullopt;
  return context_of(*row);
}

std::optional<Context> Contexts::find_by_name(db::Session& session,
                                              std::string_view organization_id,
                                              std::string_view name) {
  const auto row = session.row(
      fmt::format("SELECT {} FROM ci_contexts WHERE organization_id = :p1 AND name = :p2", columns),
      {std::string(organization_id), std::string(name)});
  if (!row) return std::nullopt;
  return context_of(*row);
}

}  // namespace imp::ci
