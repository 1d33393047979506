#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.h"

namespace imp::trust {

/// What a publisher of type `circleci` requires of a token, as `npm trust circleci` configures it.
/// Values are compared byte for byte.
struct CircleCiClaims {
  std::string organization_id;
  std::string project_id;
  std::string pipeline_definition_id;
  std::string vcs_origin;                ///< host/owner/repository, without a scheme
  std::vector<std::string> context_ids;  ///< each must be among the job's contexts; sorted, unique

  /// Reads the `claims` object of a trust request. Every member is checked (UUIDs, the form of the
  /// VCS origin), and an unknown member is refused: a misspelt claim would otherwise never be
  /// required. TrustRefusal::invalid_publisher names the member.
  static Result<CircleCiClaims> parse(const boost::json::object& claims);
  /// The form parse() reads; `context-ids` is absent when there are none, as npm has it.
  boost::json::object to_json() const;

  bool operator==(const CircleCiClaims&) const = default;
};

/// One claim of a comparison: what the publisher expects and what the token had, as text.
struct ClaimRow {
  std::string claim;
  std::string expected;
  std::string received;  ///< shortened; "(absent)" when the token has none of the right type
  bool agreed = false;
  bool present = false;  ///< the token has the claim in the right type
};

/// A publisher held against a token's claims, in a fixed order of rows.
struct Comparison {
  std::vector<ClaimRow> rows;
  bool agreed() const;
  /// The first row that does not agree; null when all do.
  const ClaimRow* first_mismatch() const;
  /// The token is proved to come from the publisher's own organisation and project: then, and only
  /// then, may its bearer read the other expectations.
  bool same_project() const;
  /// … from its organisation, at least.
  bool same_organization() const;
};
Comparison compare(const CircleCiClaims& expected, const boost::json::object& token);

/// What every CircleCI token must satisfy whatever the publisher: `ssh-rerun` is the boolean false,
/// and a token of an organisation's own issuer claims that organisation.
Result<void> check_circleci_rules(const boost::json::object& token,
                                  const std::optional<std::string>& issuer_organization);

/// A string claim; nothing when absent or not a string.
std::optional<std::string_view> string_claim(const boost::json::object& token,
                                             std::string_view name);

}  // namespace imp::trust
