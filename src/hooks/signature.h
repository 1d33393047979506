#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/encoding.h"

namespace imp::hooks {

/// `webhook-signature` of Standard Webhooks: "v1," and base64 of the HMAC-SHA256 over
/// "<webhook-id>.<webhook-timestamp>.<body>". The timestamp is in seconds since 1970.
std::string signature(ByteView secret, std::string_view id, std::int64_t timestamp,
                      std::string_view body);

}  // namespace imp::hooks
