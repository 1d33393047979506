#include "accounts/passkey_schema.h"

namespace imp::accounts {

std::vector<db::Migration> passkey_migrations() {
  return {
      {"accounts/passkeys/1", R"sql(
CREATE TABLE accounts_passkeys (
  id TEXT PRIMARY KEY,
  credential_id TEXT NOT NULL UNIQUE,
  person_id TEXT NOT NULL REFERENCES accounts_people (id),
  name TEXT NOT NULL,
  algorithm BIGINT NOT NULL,
  public_key TEXT NOT NULL,
  sign_count BIGINT NOT NULL,
  backed_up BIGINT NOT NULL,
  created BIGINT NOT NULL,
  last_used BIGINT
);
CREATE INDEX accounts_passkeys_person ON accounts_passkeys (person_id, created);
CREATE TABLE accounts_passkey_challenges (
  challenge TEXT PRIMARY KEY,
  browser TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  expires BIGINT NOT NULL
);
CREATE INDEX accounts_passkey_challenges_browser ON accounts_passkey_challenges (browser);
CREATE INDEX accounts_passkey_challenges_expires ON accounts_passkey_challenges (expires);
)sql"},
  };
}

}  // namespace imp::accounts
