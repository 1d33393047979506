#pragma once

#include <exception>

#include "db/database.h"

namespace imp::db {

/// The sentence for the caller; the engine's own text goes to the detail.
std::unexpected<Failure> broken(const std::exception& error);
/// Of what the body of a transaction threw.
Result<void> broken(const std::exception_ptr& thrown);
std::unexpected<Failure> stopping();

}  // namespace imp::db
