#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/failure.h"

namespace imp::trust {

/// The `jwks_uri` of a discovery document (OpenID Connect Discovery 1.0 §3), when its `issuer` is
/// exactly `issuer` and the URI is on the same scheme, host and port as the issuer: a document that
/// points elsewhere would let whoever can write it choose the keys. Otherwise says what is wrong.
std::expected<std::string, std::string> jwks_uri_of(std::string_view document,
                                                    std::string_view issuer);

/// The max-age of a Cache-Control header (RFC 9111 §5.2.2.1); nothing when absent or malformed.
std::optional<Milliseconds> max_age_of(std::string_view cache_control);

/// Scheme, host and port of a URL, as written; nothing for what is no http(s) URL.
std::optional<std::string> origin_of(std::string_view url);

}  // namespace imp::trust
