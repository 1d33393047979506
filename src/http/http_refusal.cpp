#include "http/http_refusal.h"

#include "http/response.h"

namespace imp::http {

Reason reason(HttpRefusal refusal) {
  using enum FailureKind;
  switch (refusal) {
    case HttpRefusal::malformed_request:
      return {"malformed_request", invalid};
    case HttpRefusal::head_too_large:
      return {"head_too_large", invalid};
    case HttpRefusal::unsupported_version:
      return {"unsupported_http_version", invalid};
    case HttpRefusal::head_timed_out:
      return {"head_timed_out", invalid};
    case HttpRefusal::body_timed_out:
      return {"body_timed_out", invalid};
    case HttpRefusal::invalid_path:
      return {"invalid_path", invalid};
    case HttpRefusal::no_such_route:
      return {"no_such_route", not_found};
    case HttpRefusal::method_not_allowed:
      return {"method_not_allowed", not_allowed};
    case HttpRefusal::expectation_unknown:
      return {"expectation_unknown", invalid};
    case HttpRefusal::body_too_large:
      return {"body_too_large", too_large};
    case HttpRefusal::body_encoding_unsupported:
      return {"body_encoding_unsupported", unsupported};
    case HttpRefusal::body_malformed:
      return {"body_malformed", invalid};
    case HttpRefusal::overloaded:
      return {"overloaded", unavailable};
    case HttpRefusal::handler_failed:
      return {"internal_error", internal};
    case HttpRefusal::listen_failed:
      return {"listen_failed", unavailable};
    case HttpRefusal::certificate_unusable:
      return {"certificate_unusable", invalid};
    case HttpRefusal::proxies_invalid:
      return {"trusted_proxies_invalid", invalid};
    case HttpRefusal::file_unreadable:
      return {"file_unreadable", internal};
  }
  return {"internal_error", internal};
}

int status_of(HttpRefusal refusal) {
  switch (refusal) {
    case HttpRefusal::head_timed_out:
    case HttpRefusal::body_timed_out:
      return 408;
    case HttpRefusal::expectation_unknown:
      return 417;
    case HttpRefusal::head_too_large:
      return 431;
    case HttpRefusal::unsupported_version:
      return 505;
    default:
      return status_of(reason(refusal).kind);
  }
}

}  // namespace imp::http
