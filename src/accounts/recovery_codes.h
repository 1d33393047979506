#pragma once

#include <string>
#include <vector>

#include "crypto/random.h"
#include "db/database.h"

namespace imp::accounts {

/// Five new codes (64 hexadecimal digits each, the form that npm's prompt takes) in place of those
/// there were. Their SHA-256 is kept.
std::vector<std::string> replace_recovery_codes(db::Session& session, const std::string& person_id,
                                                crypto::Random& random);

}  // namespace imp::accounts
