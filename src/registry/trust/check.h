#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/failure.h"
#include "registry/trust/exchange.h"

namespace imp::trust {

/// "Would this be accepted?": about a token, or about a job that somebody describes.
struct CheckQuestion {
  ExchangeRequest request;  ///< with an empty `id_token` for a description
  /// Of a description: an issuer's id or a token's `iss`. May be empty when the claims have `iss`,
  /// or when all publishers of the package are of one issuer.
  std::string issuer;
  /// Of a description, by their names in tokens. What follows from others need not be named: the
  /// owner of a GitHub repository, the group of a GitLab project.
  boost::json::object claims;
  /// The publishers that the asker may see, if not all. The exchange holds a token against every
  /// one; a description, which proves nothing, is held against these.
  PublisherFilter shown = {};
  bool described() const { return request.id_token.empty(); }
};

/// One publisher of the package beside the claims.
struct Outlook {
  TrustedPublisher publisher;
  bool of_issuer = false;  ///< else no token of this issuer is held against it, whatever it says
  Comparison comparison;
  std::vector<UnaskedClaim> unasked = {};  ///< when it agrees
};

struct CheckAnswer {
  /// The token is genuine, fresh and for this registry. Never of a description.
  bool verified = false;
  Exchange::Rehearsal rehearsal;
  /// Every publisher of the package, in the order in which they are tried, beside the claims, also
  /// of a token that could not be verified. For the package's maintainers alone.
  std::vector<Outlook> outlooks;
};

/// Decides with the code of the exchange, and changes nothing. `invalid_check` when it cannot be
/// told which issuer a description means. Thread-safe.
Result<CheckAnswer> check(Exchange& exchange, db::Database& database, const Issuers& issuers,
                          const CheckQuestion& question);

}  // namespace imp::trust
