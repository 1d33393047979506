#include "registry/trust/issuer_table.h"

#include <boost/json.hpp>

#include "registry/trust/issuer_definition.h"
#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

namespace json = boost::json;

void count_change(db::Session& session) {
  session.run("UPDATE issuer_version SET version = version + 1");
}

Result<Issuers::Row> known(const Issuers& issuers, std::string_view id) {
  auto issuer = issuers.by_id(id);
  if (issuer) return issuer;
  return refuse(TrustRefusal::issuer_not_found,
                fmt::format("There is no issuer \"{}\" on this registry.", id));
}

Result<void> unused(db::Session& session, std::string_view id) {
  const auto row = session.row("SELECT COUNT(*) FROM trusted_publisher WHERE issuer_id = :p1",
                               {std::string(id)});
  if (row->integer(0) == 0) return {};
  return refuse(TrustRefusal::issuer_in_use,
                fmt::format("{} trusted publishers name the issuer \"{}\": they would belong to "
                            "whatever has this id next. Remove them first, or freeze the issuer.",
                            row->integer(0), id));
}

}  // namespace

Result<void> add_issuer(db::Session& session, const Issuers& issuers, const Issuer& issuer,
                        std::string_view created_by, Time now) {
  const auto other = issuers.find(issuer.base_url);
  if (other || issuers.by_id(issuer.id)) {
    return refuse(TrustRefusal::issuer_exists,
                  fmt::format("The issuer \"{}\" has this {} already.",
                              other ? other->issuer->id : issuer.id, other ? "address" : "id"));
  }
  if (auto free = unused(session, issuer.id); !free) return free;
  json::object definition = issuer_json(issuer);
  definition.erase("frozen");
  definition.erase("built_in");
  if (!session.insert_if_absent(
          "INSERT INTO trusted_issuer (id, definition, created_by, created_at) VALUES (:p1, :p2, "
          ":p3, :p4) ON CONFLICT DO NOTHING",
          {issuer.id, json::serialize(definition), std::string(created_by),
           to_milliseconds(now)})) {
    return refuse(TrustRefusal::issuer_exists,
                  fmt::format("There is an issuer \"{}\" already.", issuer.id));
  }
  count_change(session);
  return {};
}

Result<void> remove_issuer(db::Session& session, const Issuers& issuers, std::string_view id) {
  const auto issuer = known(issuers, id);
  if (!issuer) return pass_on(issuer);
  if ((*issuer)->built_in) {
    return refuse(TrustRefusal::invalid_issuer,
                  fmt::format("Invalid issuer: \"{}\" is built in; it can be frozen.", id));
  }
  if (auto free = unused(session, id); !free) return free;
  session.run("DELETE FROM trusted_issuer WHERE id = :p1", {std::string(id)});
  session.run("DELETE FROM frozen_issuer WHERE id = :p1", {std::string(id)});
  count_change(session);
  return {};
}

Result<void> freeze_issuer(db::Session& session, const Issuers& issuers, std::string_view id,
                           bool frozen, Time now) {
  if (const auto issuer = known(issuers, id); !issuer) return pass_on(issuer);
  if (frozen) {
    session.run(
        "INSERT INTO frozen_issuer (id, frozen_at) VALUES (:p1, :p2) ON CONFLICT DO NOTHING",
        {std::string(id), to_milliseconds(now)});
    session.run(
        "UPDATE publish_token SET revoked_at = :p2 WHERE revoked_at IS NULL AND publisher_id IN "
        "(SELECT id FROM trusted_publisher WHERE issuer_id = :p1)",
        {std::string(id), to_milliseconds(now)});
  } else {
    session.run("DELETE FROM frozen_issuer WHERE id = :p1", {std::string(id)});
  }
  count_change(session);
  return {};
}

bool is_frozen(db::Session& session, std::string_view id) {
  return session.row("SELECT 1 FROM frozen_issuer WHERE id = :p1", {std::string(id)}).has_value();
}

void Issuers::refresh(db::Session& session) const {
  const std::int64_t version = session.row("SELECT version FROM issuer_version")->integer(0);
  {
    const std::lock_guard lock(mutex_);
    if (version == version_) return;
  }
  auto rows = std::make_shared<std::vector<Row>>();
  const auto add = [&](Issuer issuer) {
    issuer.frozen = is_frozen(session, issuer.id);
    rows->push_back(std::make_shared<const Issuer>(std::move(issuer)));
  };
  for (const Issuer& issuer : built_in_) add(issuer);
  for (const db::Row& row :
       session.rows("SELECT definition FROM trusted_issuer ORDER BY created_at, id")) {
    // Written by add_issuer; one that can no longer be read trusts nobody.
    auto issuer = stored_issuer(json::parse(row.text(0)).as_object());
    if (issuer) add(std::move(*issuer));
  }
  const std::lock_guard lock(mutex_);
  if (version < version_) return;
  version_ = version;
  rows_ = std::move(rows);
}

std::vector<db::Migration> issuer_migrations() {
  return {{"trust/4",
           "CREATE TABLE trusted_issuer (\n"
           "  id TEXT PRIMARY KEY, definition TEXT NOT NULL, created_by TEXT NOT NULL,\n"
           "  created_at BIGINT NOT NULL);\n"
           "CREATE TABLE frozen_issuer (id TEXT PRIMARY KEY, frozen_at BIGINT NOT NULL);\n"
           "CREATE TABLE issuer_version (version BIGINT NOT NULL);\n"
           "INSERT INTO issuer_version (version) VALUES (1);\n"
           "ALTER TABLE trusted_publisher ADD COLUMN tenant_claim TEXT NOT NULL DEFAULT '';\n"
           "ALTER TABLE publish_token ADD COLUMN version TEXT NOT NULL DEFAULT '';\n"}};
}

}  // namespace imp::trust
