#include "registry/packages/publish_switches.h"
#include "registry/packages/store.h"

namespace imp::registry {

std::vector<db::Migration> package_migrations() {
  return {{"registry/packages/1", R"sql(
CREATE TABLE package (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  owner TEXT,
  access TEXT NOT NULL,
  created BIGINT NOT NULL,
  modified BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  unpublished_at BIGINT
);
CREATE INDEX package_modified ON package (modified);
CREATE INDEX package_owner ON package (owner);
CREATE TABLE package_version (
  package_id TEXT NOT NULL REFERENCES package (id),
  version TEXT NOT NULL,
  state TEXT NOT NULL,
  published_at BIGINT NOT NULL,
  manifest TEXT NOT NULL,
  abbreviated TEXT NOT NULL,
  dist TEXT NOT NULL,
  hoisted TEXT NOT NULL,
  readme TEXT NOT NULL,
  readme_filename TEXT NOT NULL,
  npm_user TEXT NOT NULL,
  provenance TEXT NOT NULL,
  sha512 TEXT NOT NULL,
  shasum TEXT NOT NULL,
  integrity TEXT NOT NULL,
  size BIGINT NOT NULL,
  file_count BIGINT NOT NULL,
  unpacked_size BIGINT NOT NULL,
  has_install_script INTEGER NOT NULL,
  has_shrinkwrap INTEGER NOT NULL,
  deprecated TEXT,
  stage_id TEXT NOT NULL,
  PRIMARY KEY (package_id, version)
);
CREATE INDEX package_version_sha512 ON package_version (sha512);
CREATE TABLE package_tag (
  package_id TEXT NOT NULL REFERENCES package (id),
  tag TEXT NOT NULL,
  version TEXT NOT NULL,
  PRIMARY KEY (package_id, tag)
);
CREATE TABLE package_maintainer (
  package_id TEXT NOT NULL REFERENCES package (id),
  person TEXT NOT NULL,
  email TEXT NOT NULL,
  place BIGINT NOT NULL,
  PRIMARY KEY (package_id, person)
);
CREATE INDEX package_maintainer_person ON package_maintainer (person);
CREATE TABLE registry_key (
  keyid TEXT PRIMARY KEY,
  slot BIGINT NOT NULL UNIQUE,
  public_key TEXT NOT NULL,
  sealed TEXT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT
);
)sql"},
          // Most packages have no owner: an entry for each of them would be written for nothing.
          {"registry/packages/2", R"sql(
DROP INDEX package_owner;
CREATE INDEX package_owner ON package (owner) WHERE owner IS NOT NULL;
)sql"},
          publish_switch_migration(),
          {"registry/packages/maintainers/1",
           "ALTER TABLE package_maintainer ADD COLUMN since BIGINT NOT NULL DEFAULT 0;\n"}};
}

}  // namespace imp::registry
