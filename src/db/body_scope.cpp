#include "db/body_scope.h"

#include "db/database.h"

namespace imp::db {

thread_local bool BodyScope::active_ = false;

Result<void> BodyScope::refuse_inside() {
  if (!active_) return {};
  return refuse(StoreRefusal::nested,
                "The server tried to open a transaction inside a transaction; nothing was changed. "
                "This is a bug: please report it.",
                "the body of a transaction must use its own session and never call the database");
}

}  // namespace imp::db
