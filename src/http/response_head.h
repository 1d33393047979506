#pragma once

#include <string>
#include <string_view>

#include "http/request.h"

namespace imp::http {

/// Serialises parts of a response head (RFC 9112 §4). Names and values must be valid (is_valid).
void append_status_line(std::string& head, int status);
void append_header(std::string& head, std::string_view name, std::string_view value);
/// Every header but those that the server decides itself: connection, content-length, date,
/// transfer-encoding, x-request-id, x-content-type-options.
void append_headers(std::string& head, const Headers& headers);

/// True when every name is a token and no value holds a control character: a value with a line
/// break would let its author write further headers or a whole response.
bool is_valid(const Headers& headers);

}  // namespace imp::http
