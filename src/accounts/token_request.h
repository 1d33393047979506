#pragma once

#include "accounts/access_tokens.h"
#include "accounts/services.h"

namespace imp::accounts {

/// The rules for new tokens; the texts are those of the public npm registry where it has one.
Result<void> check_new_token(const NewToken& token, const Settings& settings);
/// How long it will live. The token was checked.
Milliseconds lifetime_of(const NewToken& token, const Settings& settings);

}  // namespace imp::accounts
