#pragma once

#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "db/database.h"
#include "jose/verify.h"
#include "registry/trust/issuer.h"
#include "registry/trust/issuer_keys.h"
#include "registry/trust/publisher.h"

namespace imp::trust {

using PublisherFilter = std::function<bool(const TrustedPublisher&)>;

/// What an identity token is worth for one package: decided without changing anything.
struct Evaluation {
  /// Of `comparison`, whose many small values come and go together.
  boost::json::storage_ptr memory =
      boost::json::make_shared_resource<boost::json::monotonic_resource>();
  std::string issuer;                  ///< as claimed; empty when the token could not be read
  const Provider* provider = nullptr;  ///< of the issuer, once that is known
  std::optional<jose::Claims> claims;  ///< set once the signature and the times are good
  /// The token is genuine and of a tenant that a publisher of the package names.
  bool own_tenant = false;
  /// Each publisher that was looked at (Attempt::comparison).
  boost::json::array comparison = boost::json::array(memory);
  std::shared_ptr<const Issuer> from;         ///< once that is known
  std::optional<TrustedPublisher> publisher;  ///< the one that matched …
  Failure refusal;                            ///< … or why none did
  /// Of a description: the publishers that its asker may see, if not all. Others count for nothing.
  PublisherFilter shown = {};
  bool granted() const { return publisher.has_value(); }
};

std::unexpected<Failure> frozen(const Issuer& issuer);
/// The refusal of a token for which this comparison does not agree.
std::unexpected<Failure> refused_as(const Comparison& comparison, std::string_view package_name);

/// Whether a token of this issuer is held against the publisher at all.
bool of_issuer(const TrustedPublisher& publisher, const IssuerMatch& issuer);

/// Decides, in a fixed order: size and form of the token; issuer by exact `iss`; whether any
/// publisher at all names that issuer (no key is ever fetched for an organisation that nobody
/// trusts); algorithm, key, signature, times and audience (jose::verify); the rules of the issuer's
/// kind (ssh-rerun, tenant); then the publishers of the name, in the order of publishers_for().
/// One that agrees but is not usable now is passed over, and is the reason if none other agrees; so
/// is one that has ended. Disclosure: up to
/// that last step no answer depends on the package, so that nobody learns which exist or whom they
/// trust; then expected and received values are in the public message only for a token that is
/// proved to come from the publisher's own project. Thread-safe.
class Evaluator {
 public:
  Evaluator(db::Database& database, const Issuers& issuers, IssuerKeys& keys,
            std::vector<std::string> audiences, const Clock& clock)
      : database_(database),
        issuers_(issuers),
        keys_(keys),
        audiences_(std::move(audiences)),
        clock_(clock) {}

  Evaluation evaluate(std::string_view package_name, std::string_view id_token) const;
  /// What evaluate() would decide of a token with this `iss` and these claims, if it were genuine,
  /// fresh and for this registry. Nothing proves what somebody describes: no token comes of it.
  Evaluation suppose(std::string_view package_name, std::string_view iss,
                     const boost::json::object& claims, const PublisherFilter& shown = {}) const;

 private:
  /// The issuer that the token claims, if anybody's publisher is of it.
  Result<IssuerMatch> admitted(std::string_view package_name, std::string_view iss,
                               Evaluation& evaluation) const;
  /// The rules and the publishers, for claims that are known.
  Result<TrustedPublisher> matching(std::string_view package_name, const IssuerMatch& issuer,
                                    Evaluation& evaluation) const;
  Result<jose::Claims> verified(jose::Token&& token, const IssuerMatch& issuer) const;
  /// Why a token that would have matched a publisher which has ended is refused; nothing when it
  /// would not.
  Result<std::optional<Failure>> ended_match(std::string_view package_name,
                                             const IssuerMatch& issuer,
                                             const Evaluation& evaluation) const;
  /// publishers_for() the name, of this issuer.
  Result<std::vector<TrustedPublisher>> candidates(std::string_view package_name,
                                                   const IssuerMatch& issuer) const;

  db::Database& database_;
  const Issuers& issuers_;
  IssuerKeys& keys_;
  std::vector<std::string> audiences_;
  const Clock& clock_;
};

}  // namespace imp::trust
