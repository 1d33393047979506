#include "registry/brakes/freeze.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/uuid.h"
#include "registry/brakes/refusal.h"

namespace imp::registry {

namespace {

constexpr std::string_view kEverything = "/";
constexpr std::size_t kLongestReason = 500;

constexpr std::string_view kColumns =
    "SELECT id, target, reason, created_by, created_at FROM freeze ";

Freeze from_row(const db::Row& row) {
  return {row.text(0), FreezeTarget::stored(row.text(1)), row.text(2), row.text(3),
          from_milliseconds(row.integer(4))};
}

std::unexpected<Failure> invalid(std::string message) {
  return refuse(BrakeRefusal::invalid_freeze, std::move(message));
}

std::string scope_key(std::string_view scope) { return fmt::format("@{}/", scope); }

bool is_reason(std::string_view reason) {
  return is_utf8(reason) && reason.size() <= kLongestReason &&
         std::ranges::any_of(reason, [](char c) { return c != ' '; }) &&
         std::ranges::none_of(reason, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

Result<FreezeTarget> FreezeTarget::package(std::string_view name) {
  const auto parsed = PackageName::for_read(name);
  if (!parsed) return pass_on(parsed);
  return FreezeTarget(parsed->text());
}

Result<FreezeTarget> FreezeTarget::scope(std::string_view scope) {
  // A scope is what may stand before the slash of a name.
  const auto name = PackageName::for_read(std::string(scope) + "/x");
  if (!scope.starts_with('@') || !name || !name->scoped()) {
    return invalid(fmt::format("\"{}\" is not a scope, such as @acme.", scope.substr(0, 214)));
  }
  return FreezeTarget(scope_key(name->scope()));
}

Result<FreezeTarget> FreezeTarget::parse(const boost::json::object& request) {
  const auto* package_name = request.if_contains("package");
  const auto* scope_name = request.if_contains("scope");
  const auto* all = request.if_contains("everything");
  const int given = (package_name ? 1 : 0) + (scope_name ? 1 : 0) + (all ? 1 : 0);
  if (given == 1 && package_name && package_name->is_string()) {
    return package(package_name->get_string());
  }
  if (given == 1 && scope_name && scope_name->is_string()) return scope(scope_name->get_string());
  if (given == 1 && all && *all == boost::json::value(true)) return everything();
  return invalid(
      R"(Say what is to be frozen by one of {"package": "@acme/widget"}, {"scope": "@acme"} and )"
      R"({"everything": true}.)");
}

std::string FreezeTarget::text() const {
  if (key_ == kEverything) return "this registry";
  if (is_scope()) return "the scope " + key_.substr(0, key_.size() - 1);
  return key_;
}

std::string FreezeTarget::subject() const {
  if (key_ == kEverything) return "registry";
  if (is_scope()) return "scope:" + key_.substr(0, key_.size() - 1);
  return "package:" + key_;
}

bool FreezeTarget::covers(std::string_view package_name) const {
  if (key_ == kEverything || key_ == package_name) return true;
  return is_scope() && package_name.starts_with(key_);
}

boost::json::object FreezeTarget::to_json() const {
  if (key_ == kEverything) return {{"everything", true}};
  if (is_scope()) return {{"scope", key_.substr(0, key_.size() - 1)}};
  return {{"package", key_}};
}

boost::json::object Freeze::to_json() const {
  boost::json::object item{{"id", id}};
  for (const auto& member : target.to_json()) item[member.key()] = member.value();
  item["reason"] = reason;
  item["createdBy"] = created_by;
  item["createdAt"] = iso8601(created_at);
  return item;
}

Result<Freeze> add_freeze(db::Session& session, const FreezeTarget& target, std::string_view reason,
                          std::string_view created_by, Time now) {
  if (!is_reason(reason)) {
    return invalid(fmt::format(
        "A freeze needs a reason, which whoever is refused is told: one line of at most {} bytes.",
        kLongestReason));
  }
  Freeze freeze{new_uuid(), target, std::string(reason), std::string(created_by), now};
  if (!session.insert_if_absent(
          "INSERT INTO freeze (target, id, reason, created_by, created_at) "
          "VALUES (:p1, :p2, :p3, :p4, :p5) ON CONFLICT DO NOTHING",
          {target.key(), freeze.id, freeze.reason, freeze.created_by, to_milliseconds(now)})) {
    return refuse(BrakeRefusal::freeze_exists,
                  fmt::format("{} is frozen already. End that freeze first to give another reason.",
                              target.text()));
  }
  return freeze;
}

Result<Freeze> remove_freeze(db::Session& session, std::string_view id) {
  static const std::string sql = std::string(kColumns) + "WHERE id = :p1";
  const auto row = session.row(sql, {std::string(id)});
  if (!row) {
    return refuse(BrakeRefusal::freeze_not_found,
                  "There is no freeze with this id; `imprimatur freeze list` shows them.");
  }
  session.run("DELETE FROM freeze WHERE id = :p1", {std::string(id)});
  return from_row(*row);
}

std::vector<Freeze> freezes(db::Session& session) {
  static const std::string sql = std::string(kColumns) + "ORDER BY created_at, id";
  std::vector<Freeze> all;
  for (const db::Row& row : session.rows(sql)) all.push_back(from_row(row));
  return all;
}

std::optional<Freeze> freeze_of(db::Session& session, const PackageName& name) {
  // Every publish and exchange asks, so not with IN or ORDER BY: SQLite makes a table for either.
  static const std::string one = std::string(kColumns) + "WHERE target = ";
  static const std::string sql = one + ":p1 UNION ALL " + one + ":p2 UNION ALL " + one + ":p3";
  const std::string everything(kEverything);
  std::optional<Freeze> narrowest;
  for (const db::Row& row : session.rows(
           sql, {name.text(), name.scoped() ? scope_key(name.scope()) : everything, everything})) {
    Freeze freeze = from_row(row);
    // The longest key is the narrowest.
    if (!narrowest || freeze.target.key().size() > narrowest->target.key().size()) {
      narrowest = std::move(freeze);
    }
  }
  return narrowest;
}

Result<void> not_frozen(db::Session& session, const PackageName& name) {
  const auto freeze = freeze_of(session, name);
  if (!freeze) return {};
  return refuse(
      BrakeRefusal::frozen,
      fmt::format("{} is frozen by the operator of this registry, so nothing of {} can be "
                  "published or changed; installing works. The reason given: {}",
                  freeze->target.text(), name.text(), freeze->reason));
}

std::vector<db::Migration> brake_migrations() {
  return {{"brakes/1",
           "CREATE TABLE freeze (\n"
           "  target TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, reason TEXT NOT NULL,\n"
           "  created_by TEXT NOT NULL, created_at BIGINT NOT NULL);\n"},
          {"brakes/2",
           "CREATE TABLE recent_publish (source TEXT NOT NULL, at BIGINT NOT NULL);\n"
           "CREATE INDEX recent_publish_source ON recent_publish (source, at);\n"
           "CREATE INDEX recent_publish_age ON recent_publish (at);\n"},
          {"trust_order/2",
           "CREATE TABLE forgotten_publish (\n"
           "  issuer TEXT NOT NULL, day BIGINT NOT NULL, at BIGINT NOT NULL,\n"
           "  PRIMARY KEY (issuer, day));\n"}};
}

}  // namespace imp::registry
