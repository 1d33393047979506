#pragma once

#include <string>
#include <string_view>

namespace imp::crypto {

/// How much work Argon2id does; tests use `minimal`.
enum class PasswordCost { interactive, minimal };

/// Argon2id in the PHC string form, with a random salt.
std::string hash_password(std::string_view password, PasswordCost cost);
bool verify_password(std::string_view password, const std::string& hash);

}  // namespace imp::crypto
