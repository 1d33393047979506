#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::http {

/// Why the server itself answered instead of a handler, and why it could not start.
enum class HttpRefusal : std::uint8_t {
  malformed_request,
  head_too_large,
  unsupported_version,
  head_timed_out,
  body_timed_out,
  invalid_path,
  no_such_route,
  method_not_allowed,
  expectation_unknown,
  body_too_large,
  body_encoding_unsupported,
  body_malformed,
  overloaded,
  handler_failed,
  listen_failed,
  certificate_unusable,
  proxies_invalid,
  file_unreadable,
};

Reason reason(HttpRefusal refusal);

/// The status of a refusal. HTTP names some more precisely than their kind does (408, 417, 431,
/// 505).
int status_of(HttpRefusal refusal);

}  // namespace imp::http
