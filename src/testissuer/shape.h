#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace imp::testissuer {

/// Whose tokens are imitated.
enum class Shape { circleci, github, gitlab };
std::string_view name(Shape shape);
std::optional<Shape> shape_named(std::string_view name);

/// The job that every token is of unless a claim is changed: always the same, so that a publisher
/// can be set up for it before there is a token.
inline constexpr std::string_view kOrganization = "11111111-1111-4111-8111-111111111111";
inline constexpr std::string_view kProject = "22222222-2222-4222-8222-222222222222";
inline constexpr std::string_view kDefinition = "33333333-3333-4333-8333-333333333333";
inline constexpr std::string_view kContext = "44444444-4444-4444-8444-444444444444";
inline constexpr std::string_view kUser = "55555555-5555-4555-8555-555555555555";

struct ClaimChoices {
  std::string audience;
  bool root_issuer = false;  ///< CircleCI's issuer of all organisations, not that of one
  bool subject_v2 = false;   ///< CircleCI's second form of `sub`, with repository and ref
};

/// All claims of such a job's token, in the provider's names and types. `base` is the issuer's
/// address for this shape; ids of the run and `jti` are new each time.
boost::json::object job_claims(Shape shape, std::string_view base, const ClaimChoices& choices,
                               Time now);

}  // namespace imp::testissuer
