#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jose/algorithm.h"

namespace imp::trust {

/// The shapes of identity token that are understood. An `imprimatur` issuer speaks CircleCI's
/// claims; the kinds are kept apart because their issuers are.
enum class IssuerKind { circleci, imprimatur };
std::string_view name(IssuerKind kind);

/// A foreign (or our own) server whose ID tokens may become publish tokens. Plain data, from the
/// operator's settings; the built-in issuer is one more row.
struct Issuer {
  std::string id;  ///< the operator's name for it, e.g. "circleci"; stored with each publisher
  IssuerKind kind = IssuerKind::circleci;
  std::string base_url;  ///< the root issuer, without a trailing slash
  /// Where discovery is asked when that is not base_url: the built-in issuer is reached through the
  /// loopback listener, since a server need not be able to resolve its own public name.
  std::string fetch_base;
  std::vector<jose::Algorithm> algorithms = {jose::Algorithm::rs256};
  std::chrono::seconds max_age{300};        ///< since `iat`; npm's rule for CircleCI
  std::chrono::seconds max_lifetime{7200};  ///< `exp` - `iat`; CircleCI issues an hour
};

/// Which issuer a token names. CircleCI has an issuer per organisation and one root issuer.
struct IssuerMatch {
  const Issuer* issuer = nullptr;
  std::string url;                             ///< exactly the `iss`
  std::optional<std::string> organization_id;  ///< of the per-organisation form
  std::string discovery_url() const;
};

/// The configured issuers. Immutable after start; lookups are exact, byte for byte: neither a
/// trailing slash, nor another case, scheme or port is forgiven.
class Issuers {
 public:
  explicit Issuers(std::vector<Issuer> issuers) : issuers_(std::move(issuers)) {}
  std::optional<IssuerMatch> find(std::string_view iss) const;
  const Issuer* by_id(std::string_view id) const;
  const std::vector<Issuer>& all() const { return issuers_; }

 private:
  std::vector<Issuer> issuers_;
};

}  // namespace imp::trust
