#include "db/failures.h"

namespace imp::db {

std::unexpected<Failure> broken(const std::exception& error) {
  return refuse(
      StoreRefusal::broken,
      "The server could not read or write its database; nothing was changed. Its log says "
      "why.",
      error.what());
}

std::unexpected<Failure> stopping() {
  return refuse(StoreRefusal::stopping, "The server is stopping; try again in a moment.");
}

}  // namespace imp::db
