#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "crypto/keys.h"

namespace imp::jose {

/// The signature algorithms of RFC 7518 §3.1 and RFC 8037 §3.1 that are spoken here. Each belongs
/// to exactly one kind of key, so that a token can never choose how a key is used.
enum class Algorithm : std::uint8_t { rs256, es256, eddsa };

/// "RS256", "ES256", "EdDSA".
std::string_view name(Algorithm algorithm);
/// The exact name, case-sensitive (RFC 7515 §4.1.1); nothing for any other, `none` and HS256
/// included.
std::optional<Algorithm> algorithm_named(std::string_view name);
Algorithm algorithm_of(crypto::KeyKind kind);

}  // namespace imp::jose
