#pragma once

#include <string>
#include <string_view>

namespace imp::demo {

/// The text with every secret cut to its first characters and "…": access tokens, identity tokens
/// and publish tokens, recovery codes, the secrets of authenticators, passwords in JSON.
std::string shorten_secrets(std::string_view text);

}  // namespace imp::demo
