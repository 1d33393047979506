#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/failure.h"
#include "ci/identity/job_identity.h"

namespace imp::ci {

/// The two forms of `sub`: `v1` names organisation, project and user; `v2` adds the source's origin
/// and ref, when there is one.
enum class SubjectForm { v1, v2 };

/// How long a token lives.
inline constexpr Milliseconds token_lifetime{3600 * 1000};

struct TokenClaims {
  std::string issuer;
  std::string audience;
  std::string token_id;  ///< `jti`, for relying parties that refuse replays
  SubjectForm subject = SubjectForm::v2;
  Time issued;
};

std::string subject_of(const JobIdentity& job, SubjectForm form);

/// The payload of CircleCI's identity tokens: the standard claims, then the ten private ones under
/// `oidc.circleci.com/`, of which `vcs-origin` and `vcs-ref` are absent without a VCS source.
/// The identity must have passed check_identity().
boost::json::object claims_of(const JobIdentity& job, const TokenClaims& token);

/// Reads the argument of `circleci run oidc get --claims`: a JSON object whose only key may be
/// "aud", a string of 1 to 512 printable characters. Nothing when it sets no audience.
Result<std::optional<std::string>> requested_audience(std::string_view claims_argument);

}  // namespace imp::ci
