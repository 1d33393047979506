#include "db/failures.h"

namespace imp::db {

std::unexpected<Failure> broken(const std::exception& error) {
  return refuse(
      StoreRefusal::broken,
      "The server could not read or write its database; nothing was changed. Its log says "
      "why.",
      error.what());
}

Result<void> broken(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    return broken(error);
  } catch (...) {
    return broken(StoreError("something that is no std::exception was thrown", false));
  }
}

std::unexpected<Failure> stopping() {
  return refuse(StoreRefusal::stopping, "The server is stopping; try again in a moment.");
}

}  // namespace imp::db
