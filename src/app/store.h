#pragma once

#include <memory>
#include <string>

#include "base/failure.h"
#include "blobs/store.h"
#include "crypto/sealing.h"
#include "db/database.h"

namespace imp::app {

/// The data directory, opened: what the server and the commands that work beside it share.
struct Store {
  std::string directory;
  std::unique_ptr<db::Database> database;  ///< migrated
  crypto::Sealer sealer;

  std::string repositories() const { return directory + "/repositories"; }
  std::string tarballs() const { return directory + "/blobs"; }
};

/// Opens the data directory; makes it, its master key and its database when `create` is set and
/// they are absent. Without `create`, a directory that holds no database is a refusal that says so.
Result<Store> open_store(const std::string& directory, bool create);

}  // namespace imp::app
