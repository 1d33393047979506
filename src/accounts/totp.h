#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/encoding.h"

namespace imp::accounts {

/// RFC 6238 with its defaults, which every authenticator app knows: SHA-1, 30 seconds, six digits.
inline constexpr std::int64_t kTotpStepSeconds = 30;
inline constexpr int kTotpWindow = 1;  ///< steps before and after now that are accepted

std::int64_t totp_step(Time time);
/// The code of one step.
std::string totp_code(ByteView secret, std::int64_t step);
/// The step around `now` whose code this is and that comes after `last_step`; nothing when there is
/// none. Spaces are ignored, anything else but six digits never matches.
std::optional<std::int64_t> match_totp(ByteView secret, std::string_view code, Time now,
                                       std::int64_t last_step);
/// RFC 4648 §6 without padding.
std::string base32(ByteView bytes);
/// "otpauth://totp/Product:name?secret=…&issuer=Product".
std::string otpauth_url(std::string_view product, std::string_view name, ByteView secret);

}  // namespace imp::accounts
