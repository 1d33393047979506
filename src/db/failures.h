#pragma once

#include "db/database.h"

namespace imp::db {

/// The sentence for the caller; the engine's own text goes to the detail.
std::unexpected<Failure> broken(const std::exception& error);
std::unexpected<Failure> stopping();

}  // namespace imp::db
