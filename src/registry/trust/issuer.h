#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jose/algorithm.h"
#include "registry/trust/provider.h"

namespace imp::trust {

/// The kinds of issuer. An `imprimatur` issuer speaks CircleCI's claims; the kinds are kept apart
/// because their issuers are.
enum class IssuerKind { circleci, imprimatur, github, gitlab };
/// Whose claims an issuer of this kind speaks.
const Provider& provider_of(IssuerKind kind);

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
  /// Whether jobs may publish that ran on machines of the project's own (Provider::runner_claim).
  bool self_hosted_runners = false;
};

/// Which issuer a token names. Some providers have an issuer per tenant (CircleCI's organisations)
/// beside one for all of them.
struct IssuerMatch {
  const Issuer* issuer = nullptr;
  std::string url;                    ///< exactly the `iss`
  std::optional<std::string> tenant;  ///< of an issuer that is one tenant's
  std::string discovery_url() const;
  const Provider& provider() const { return provider_of(issuer->kind); }
};

/// The configured issuers. Immutable after start; lookups are exact, byte for byte: neither a
/// trailing slash, nor another case, scheme or port is forgiven.
class Issuers {
 public:
  explicit Issuers(std::vector<Issuer> issuers) : issuers_(std::move(issuers)) {}
  std::optional<IssuerMatch> find(std::string_view iss) const;
  const Issuer* by_id(std::string_view id) const;
  /// The id of the first one that speaks the provider's claims; empty when none does.
  std::string first_of(const Provider& provider) const;
  const std::vector<Issuer>& all() const { return issuers_; }

 private:
  std::vector<Issuer> issuers_;
};

}  // namespace imp::trust
