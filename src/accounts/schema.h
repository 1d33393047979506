#pragma once

#include <vector>

#include "db/database.h"

namespace imp::accounts {

/// The tables of this module, all named accounts_…
std::vector<db::Migration> migrations();

}  // namespace imp::accounts
