#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.h"
#include "registry/trust/providers/provider.h"

namespace imp::trust {

/// One claim that a publisher requires or may require.
struct Requirement {
  std::string_view name, label;
  const ClaimForm* form = nullptr;
  ClaimRule::Part part = ClaimRule::Part::job;
  bool required = true;
  bool derived = false;
};

/// What a publisher requires of a token, in the terms of its provider's table. A
/// default-constructed one, and one whose stored claims can no longer be read, is satisfied by no
/// token.
class RequiredClaims {
 public:
  RequiredClaims() = default;
  /// Requires nothing that could be read.
  explicit RequiredClaims(const Provider* provider) : provider_(provider) {}

  /// Reads the `claims` object of a trust request. Every member is checked, and an unknown one is
  /// refused: a misspelt claim would otherwise never be required. TrustRefusal::invalid_publisher
  /// names the member.
  static Result<RequiredClaims> parse(const Provider& provider, const boost::json::object& claims);
  /// The form parse() reads, in the order of the table; what is not required is absent, as npm has
  /// it.
  const boost::json::object& to_json() const { return values_; }

  const Provider* provider() const { return provider_; }
  /// The expected value; null when the claim is not required.
  const boost::json::value* value(std::string_view claim) const;
  /// The same as text; empty when it is not required, or not one text.
  std::string text(std::string_view claim) const;
  /// Of a claim that is a list; empty when it is not required.
  std::vector<std::string> list(std::string_view claim) const;
  /// The value of the claim that names the tenant.
  std::string tenant() const;
  /// The version that alone may be published with this token, which satisfies the claims: a pattern
  /// with {{version}} took it from the ref. Empty when there is none.
  std::string bound_version(const boost::json::object& token) const;
  /// How much it requires beyond what every publisher has to: of several publishers that a token
  /// satisfies, the most specific one decides.
  std::size_t specificity() const;

  /// What is compared, in order: the provider's table, or what an open one's publisher has named.
  /// Good as long as this object.
  std::vector<Requirement> requirements() const;
  /// Of an open provider: the claim that tells the issuer's tenants apart must be among those that
  /// are required, by its exact value.
  Result<void> guard(std::string_view tenant_claim);
  const std::string& tenant_claim() const { return tenant_claim_; }
  /// The identifiers behind the names (Provider::learnt) that are required by now.
  const boost::json::object& learnt() const { return learnt_; }
  /// Those that are kept of earlier tokens.
  void remember(const boost::json::object& learnt);
  /// Learns what is not yet known from a token that satisfies the rest; whether that was anything.
  bool learn_from(const boost::json::object& token);

  /// What is learnt comes with time: it makes no other requirement.
  bool operator==(const RequiredClaims& other) const {
    return provider_ == other.provider_ && values_ == other.values_;
  }

 private:
  static Result<RequiredClaims> parse_open(const Provider& provider,
                                           const boost::json::object& claims);
  void derive();

  const Provider* provider_ = nullptr;
  boost::json::object values_;
  boost::json::object derived_;
  boost::json::object learnt_;
  std::string tenant_claim_;
};

/// One claim of a comparison: what the publisher expects and what the token had, as text.
struct ClaimRow {
  std::string claim;
  std::string expected;
  std::string received;  ///< shortened; "(absent)" when the token has none of the right type
  bool agreed = false;
  bool present = false;  ///< the token has the claim in the right type
  ClaimRule::Part part = ClaimRule::Part::job;
  bool learnt = false;  ///< an identifier (LearntClaim)
};

/// A publisher held against a token's claims, in the order of its provider's table.
struct Comparison {
  std::vector<ClaimRow> rows;
  /// Every row agrees, and there is one.
  bool agreed() const;
  /// The first row that does not agree; null when all do.
  const ClaimRow* first_mismatch() const;
  /// The token is proved to come from the publisher's own tenant and project: then, and only then,
  /// may its bearer read the other expectations.
  bool same_project() const;
  /// … from its tenant, at least.
  bool same_tenant() const;
  /// Tenant and project have the names, but not the identifiers: another project that took them.
  bool resurrected() const;
};
Comparison compare(const RequiredClaims& expected, const boost::json::object& token);

/// A claim that a token has and the publisher does not name, though it would keep out other jobs
/// (ClaimRule::narrows).
struct UnaskedClaim {
  std::string claim;
  std::string received;  ///< shortened
};
std::vector<UnaskedClaim> unasked(const RequiredClaims& expected, const boost::json::object& token);

}  // namespace imp::trust
