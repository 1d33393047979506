#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"
#include "jose/algorithm.h"
#include "jose/jwks.h"
#include "registry/trust/providers/provider.h"

namespace imp::trust {

/// A foreign (or our own) server whose ID tokens may become publish tokens. Plain data, from the
/// operator's settings; the built-in issuer is one more row.
struct Issuer {
  explicit Issuer(const Provider& speaks) : provider(&speaks) {}

  const Provider* provider;  ///< whose claims its tokens have; never null
  std::string id;  ///< the operator's name for it, e.g. "circleci"; stored with each publisher
  std::string base_url;  ///< the root issuer; only one of an open provider may end in a slash
  /// Where discovery is asked when that is not base_url: the built-in issuer is reached through the
  /// loopback listener, since a server need not be able to resolve its own public name.
  std::string fetch_base;
  std::vector<jose::Algorithm> algorithms = {jose::Algorithm::rs256};
  std::chrono::seconds max_age{300};        ///< since `iat`; npm's rule for CircleCI
  std::chrono::seconds max_lifetime{7200};  ///< `exp` - `iat`; CircleCI issues an hour
  /// Whether jobs may publish that ran on machines of the project's own (Provider::runner_claim).
  bool self_hosted_runners = false;
  /// Keys that are used as they are, without discovery: of an issuer that cannot be reached.
  std::shared_ptr<const jose::KeySet> pinned_keys = {};
  std::string pinned_text = {};  ///< the same as the JWK set that was given
  /// Where its key set is fetched, when an operator has said so: else where discovery on its own
  /// host says, which must be there, too.
  std::string keys_url = {};
  /// Of an issuer of several tenants whose provider has no table: the claim that tells them apart,
  /// which each publisher must require.
  std::string tenant_claim = {};
  /// Of an issuer whose provider has no table: an operator said that all its tokens are one's own.
  bool single_tenant = false;
  /// Whether its keys may be fetched from addresses that are not public, and without TLS: whoever
  /// answers there, or on the way, says which keys are the issuer's.
  bool private_addresses = false;
  bool preferred = false;  ///< among those of its kind, for requests that name no issuer
  bool frozen = false;     ///< an operator has stopped it
  bool built_in = false;   ///< of the settings, not of the table
  /// This very server's CI, which tells when a run ends (run_end.h).
  bool own = false;

  /// What operators call its kind: its provider's type, but for the server's own, which is there
  /// once and cannot be added.
  std::string_view kind() const { return own ? "imprimatur" : provider->type; }
};

/// Which issuer a token names. Some providers have an issuer per tenant (CircleCI's organisations)
/// beside one for all of them.
struct IssuerMatch {
  std::shared_ptr<const Issuer> issuer;
  std::string url;                    ///< exactly the `iss`
  std::optional<std::string> tenant;  ///< of an issuer that is one tenant's
  std::string discovery_url() const;
  const Provider& provider() const { return *issuer->provider; }
};

/// The issuers: those of the settings, and those that an operator has added (issuer_table.h).
/// Lookups are exact, byte for byte: neither a trailing slash, nor another case, scheme or port is
/// forgiven. Thread-safe.
class Issuers {
 public:
  using Row = std::shared_ptr<const Issuer>;
  using Rows = std::shared_ptr<const std::vector<Row>>;

  explicit Issuers(std::vector<Issuer> built_in);
  /// Takes in what was changed since, here or by another process: one row is read when nothing was.
  void refresh(db::Session& session) const;

  std::optional<IssuerMatch> find(std::string_view iss) const;
  Row by_id(std::string_view id) const;
  /// Whether there is one of this id, and its tokens have the provider's claims.
  bool speaks(std::string_view id, const Provider& provider) const;
  /// The one that requests mean which name none: preferred, or else the first that speaks the
  /// provider's claims; empty when none does.
  std::string first_of(const Provider& provider) const;
  Rows all() const;

 private:
  std::vector<Issuer> built_in_;
  mutable std::mutex mutex_;  // guards what follows
  mutable Rows rows_;
  mutable std::int64_t version_ = 0;
};

}  // namespace imp::trust
