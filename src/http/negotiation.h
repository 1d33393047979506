#pragma once

#include <string_view>

#include "http/request.h"

namespace imp::http {

/// True when gzip is the better answer to the request's Accept-Encoding (RFC 9110 §12.5.3): gzip is
/// acceptable and weighs at least as much as identity. Without the header, identity is sent.
bool prefers_gzip(const Request& request);

/// True when one of the request's If-None-Match tags (RFC 9110 §13.1.2) names this representation,
/// by weak comparison, or is "*".
bool none_match_holds(const Request& request, std::string_view etag);

}  // namespace imp::http
