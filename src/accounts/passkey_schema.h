#pragma once

#include <vector>

#include "db/database.h"

namespace imp::accounts {

/// The tables of passkeys and of the challenges that wait for them.
std::vector<db::Migration> passkey_migrations();

}  // namespace imp::accounts
