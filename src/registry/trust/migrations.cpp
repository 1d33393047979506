#include "registry/trust/attempt.h"
#include "registry/trust/issuer_table.h"
#include "registry/trust/publisher.h"
#include "registry/trust/publisher_end.h"
#include "registry/trust/replay_mark.h"
#include "registry/trust/run_end.h"

namespace imp::trust {

std::vector<db::Migration> migrations() {
  std::vector<db::Migration> all = {
      {"trust/1",
       "CREATE TABLE trusted_publisher (\n"
       "  id TEXT PRIMARY KEY, package_id TEXT NOT NULL, issuer_id TEXT NOT NULL,\n"
       "  organization_id TEXT NOT NULL, claims TEXT NOT NULL, permissions TEXT NOT NULL,\n"
       "  created_by TEXT NOT NULL, created_at BIGINT NOT NULL, last_used_at BIGINT);\n"
       "CREATE INDEX trusted_publisher_package ON trusted_publisher (package_id);\n"
       "CREATE INDEX trusted_publisher_issuer ON trusted_publisher (issuer_id, organization_id);\n"
       "CREATE TABLE used_identity_token (\n"
       "  issuer TEXT NOT NULL, token_id TEXT NOT NULL, expires_at BIGINT NOT NULL,\n"
       "  PRIMARY KEY (issuer, token_id));\n"
       "CREATE INDEX used_identity_token_expiry ON used_identity_token (expires_at);\n"
       "CREATE TABLE publish_token (\n"
       "  hash TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, package_id TEXT NOT NULL,\n"
       "  package_name TEXT NOT NULL, publisher_id TEXT NOT NULL, permissions TEXT NOT NULL, run "
       "TEXT NOT NULL,\n"
       "  created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, revoked_at BIGINT);\n"
       "CREATE INDEX publish_token_publisher ON publish_token (publisher_id);\n"
       "CREATE INDEX publish_token_expiry ON publish_token (expires_at);\n"
       "CREATE TABLE publish_attempt (\n"
       "  id TEXT PRIMARY KEY, package_name TEXT NOT NULL, at BIGINT NOT NULL, action TEXT NOT "
       "NULL,\n"
       "  outcome TEXT NOT NULL, message TEXT NOT NULL, publisher_id TEXT, issuer TEXT NOT NULL,\n"
       "  comparison TEXT NOT NULL, remote_address TEXT NOT NULL, proved BIGINT NOT NULL);\n"
       "CREATE INDEX publish_attempt_package ON publish_attempt (package_name, proved, at);\n"},
      {"trust/2",
       "ALTER TABLE trusted_publisher ADD COLUMN type TEXT NOT NULL DEFAULT 'circleci';\n"},
      {"trust/3", "ALTER TABLE trusted_publisher ADD COLUMN learnt TEXT NOT NULL DEFAULT '{}';\n"},
      {"trust_tokens/1", "ALTER TABLE publish_token ADD COLUMN type TEXT NOT NULL DEFAULT '';\n"},
      {"trust_tokens/2",
       "ALTER TABLE publish_token ADD COLUMN spent_on TEXT NOT NULL DEFAULT '';\n"}};
  for (db::Migration& migration : attempt_migrations()) all.push_back(std::move(migration));
  for (db::Migration& migration : issuer_migrations()) all.push_back(std::move(migration));
  for (db::Migration& migration : run_migrations()) all.push_back(std::move(migration));
  for (db::Migration& migration : replay_mark_migrations()) all.push_back(std::move(migration));
  for (db::Migration& migration : publisher_end_migrations()) all.push_back(std::move(migration));
  return all;
}

}  // namespace imp::trust
