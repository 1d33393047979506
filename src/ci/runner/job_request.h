#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/failure.h"
#include "ci/runner/protocol.h"

namespace imp::ci::runner {

// What a job may ask of its runner, one JSON object on one line:
//   {"request":"oidc","claims":"{…}" or "","root_issuer":false}
//   {"request":"release","action":"plan", …the members of ReleaseRequest but the lease…}
//   {"request":"halt"}
// The answer is a line "ok" or "error", then text to the end of the stream.

struct HaltRequest {};
using JobRequest = std::variant<TokenRequest, ReleaseRequest, HaltRequest>;

/// Strict, like every message of the protocol; the lease is left empty. Failure:
/// `malformed_message`.
Result<JobRequest> parse_job_request(std::string_view line);

}  // namespace imp::ci::runner
