#include "accounts/schema.h"

#include "accounts/passkey_schema.h"

namespace imp::accounts {

std::vector<db::Migration> migrations() {
  std::vector<db::Migration> all = {
      {"accounts/1", R"sql(
CREATE TABLE accounts_names (
  name TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  owner_id TEXT NOT NULL
);
CREATE TABLE accounts_people (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  email TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  is_admin BIGINT NOT NULL,
  fullname TEXT NOT NULL,
  homepage TEXT NOT NULL,
  github TEXT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL
);
CREATE TABLE accounts_setup (
  id BIGINT PRIMARY KEY,
  token_hash TEXT NOT NULL,
  created BIGINT NOT NULL
);
)sql"},
      {"accounts/2", R"sql(
CREATE TABLE accounts_organizations (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  display_name TEXT NOT NULL,
  vcs_type TEXT NOT NULL,
  slug TEXT NOT NULL UNIQUE,
  created BIGINT NOT NULL,
  revision BIGINT NOT NULL
);
CREATE TABLE accounts_members (
  organization_id TEXT NOT NULL REFERENCES accounts_organizations (id),
  person_id TEXT NOT NULL REFERENCES accounts_people (id),
  role TEXT NOT NULL,
  created BIGINT NOT NULL,
  PRIMARY KEY (organization_id, person_id)
);
CREATE INDEX accounts_members_person ON accounts_members (person_id);
CREATE TABLE accounts_groups (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES accounts_organizations (id),
  name TEXT NOT NULL,
  created BIGINT NOT NULL,
  UNIQUE (organization_id, name)
);
CREATE TABLE accounts_group_members (
  group_id TEXT NOT NULL REFERENCES accounts_groups (id),
  person_id TEXT NOT NULL REFERENCES accounts_people (id),
  PRIMARY KEY (group_id, person_id)
);
CREATE INDEX accounts_group_members_person ON accounts_group_members (person_id);
)sql"},
      {"accounts/3", R"sql(
CREATE TABLE accounts_tokens (
  id TEXT PRIMARY KEY,
  token_hash TEXT NOT NULL UNIQUE,
  person_id TEXT NOT NULL REFERENCES accounts_people (id),
  redacted TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  kind TEXT NOT NULL,
  reach TEXT NOT NULL,
  bypass_2fa BIGINT NOT NULL,
  cidr_whitelist TEXT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  last_used BIGINT
);
CREATE INDEX accounts_tokens_person ON accounts_tokens (person_id, created);
CREATE INDEX accounts_tokens_expires ON accounts_tokens (expires);
CREATE TABLE accounts_sessions (
  id TEXT PRIMARY KEY,
  secret_hash TEXT NOT NULL UNIQUE,
  person_id TEXT NOT NULL REFERENCES accounts_people (id),
  pending BIGINT NOT NULL,
  second_factor_at BIGINT,
  created BIGINT NOT NULL,
  last_seen BIGINT NOT NULL,
  address TEXT NOT NULL,
  user_agent TEXT NOT NULL
);
CREATE INDEX accounts_sessions_person ON accounts_sessions (person_id);
)sql"},
      {"accounts/4", R"sql(
CREATE TABLE accounts_totp (
  person_id TEXT PRIMARY KEY REFERENCES accounts_people (id),
  secret TEXT NOT NULL,
  created BIGINT NOT NULL,
  enabled BIGINT,
  last_step BIGINT NOT NULL
);
CREATE TABLE accounts_recovery_codes (
  person_id TEXT NOT NULL REFERENCES accounts_people (id),
  code_hash TEXT NOT NULL,
  PRIMARY KEY (person_id, code_hash)
);
CREATE TABLE accounts_factor_uses (
  person_id TEXT NOT NULL REFERENCES accounts_people (id),
  value_hash TEXT NOT NULL,
  credential TEXT NOT NULL,
  purpose TEXT NOT NULL,
  factor TEXT NOT NULL,
  expires BIGINT NOT NULL,
  PRIMARY KEY (person_id, value_hash, credential, purpose)
);
CREATE TABLE accounts_web_flows (
  id TEXT PRIMARY KEY,
  done_hash TEXT NOT NULL UNIQUE,
  token_hash TEXT,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  person_id TEXT,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  address TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL
);
CREATE UNIQUE INDEX accounts_web_flows_token ON accounts_web_flows (token_hash);
CREATE INDEX accounts_web_flows_expires ON accounts_web_flows (expires);
)sql"},
  };
  for (db::Migration& migration : passkey_migrations()) all.push_back(std::move(migration));
  // What a browser confirmed a flow with.
  all.push_back({"web_flows/1",
                 "ALTER TABLE accounts_web_flows ADD COLUMN factor TEXT NOT NULL DEFAULT '';\n"});
  return all;
}

}  // namespace imp::accounts
