#include "app/store.h"

#include <filesystem>

#include "accounts/schema.h"
#include "app/refusal.h"
#include "audit/log.h"
#include "blobs/file_store.h"
#include "ci/contexts/contexts.h"
#include "ci/deploys/markers.h"
#include "ci/identity/signing_keys.h"
#include "ci/pipelines/pipelines.h"
#include "ci/projects/projects.h"
#include "hooks/hook.h"
#include "mail/outbox.h"
#include "registry/brakes/freeze.h"
#include "registry/packages/store.h"
#include "registry/provenance/attestations.h"
#include "registry/staging/staged_release.h"
#include "registry/trust/publisher.h"

namespace imp::app {

namespace {

std::vector<db::Migration> all_migrations() {
  std::vector<db::Migration> all;
  for (auto migrations :
       {audit::migrations(), accounts::migrations(), mail::migrations(),
        registry::package_migrations(), registry::brake_migrations(), trust::migrations(),
        registry::staging_migrations(), registry::provenance_migrations(), hooks::migrations(),
        ci::project_migrations(), ci::context_migrations(), ci::identity_migrations(),
        ci::deploy_migrations(), ci::pipeline_migrations()}) {
    for (db::Migration& migration : migrations) all.push_back(std::move(migration));
  }
  return all;
}

}  // namespace

Result<Store> open_store(const std::string& directory, bool create) {
  const std::string database_path = directory + "/imprimatur.db";
  std::error_code error;
  if (!create && !std::filesystem::exists(database_path, error)) {
    return refuse(
        AppRefusal::no_data,
        fmt::format(
            "{} holds no Imprimatur database. Start the server once, or name its directory with "
            "--data.",
            directory));
  }
  std::filesystem::create_directories(directory, error);
  if (error) {
    return refuse(AppRefusal::no_data, fmt::format("The data directory {} cannot be made: {}.",
                                                   directory, error.message()));
  }
  // Only the server's user has any business here: repositories, sealed secrets, password hashes.
  std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  // A new key beside a database that is there would be taken for the one that its secrets need.
  const bool first_start = create && !std::filesystem::exists(database_path, error);
  auto sealer = crypto::load_master_key(directory + "/master.key", first_start);
  if (!sealer) return pass_on(sealer);
  auto database = db::open_sqlite({.path = database_path});
  if (!database) return pass_on(database);
  if (const auto migrated = (*database)->migrate(all_migrations()); !migrated)
    return pass_on(migrated);
  return Store{directory, std::move(*database), std::move(*sealer)};
}

}  // namespace imp::app
