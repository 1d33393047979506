#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "ci/identity/claims.h"
#include "ci/identity/signing_keys.h"
#include "http/prepared.h"

namespace imp::ci {

/// The pair of tokens that every job finds in its environment.
struct JobTokens {
  std::string v1;  ///< CIRCLE_OIDC_TOKEN
  std::string v2;  ///< CIRCLE_OIDC_TOKEN_V2
};

/// What `circleci run oidc get` asks for.
struct TokenRequest {
  std::string claims;        ///< the argument of --claims, or empty
  bool root_issuer = false;  ///< --root-issuer
};

/// The OpenID Connect issuer of this server's jobs. Each organisation has its own issuer URL,
/// `<public-url>/oidc/org/<id>`, and there is one for all, `<public-url>/oidc`; they share the
/// keys, which is harmless because verifiers pin `iss`. Every minted token is in the audit log
/// before it is handed out. Thread-safe.
class Issuer {
 public:
  /// `public_url` is without a trailing slash.
  Issuer(std::string public_url, db::Database& database, SigningKeys& keys, const Clock& clock,
         Metrics& metrics);

  std::string root_url() const { return public_url_ + "/oidc"; }
  std::string organization_url(std::string_view organization_id) const;

  /// Both tokens of a job's environment, for the organisation's audience (its id).
  ///
  /// With a session, in its transaction: where whether the job may have them is looked up there as
  /// well. Nothing minted may leave the caller before the commit. A refusal is recorded too, so it
  /// must not roll the transaction back.
  Result<JobTokens> mint_for_environment(const JobIdentity& job);
  Result<JobTokens> mint_for_environment(db::Session& session, const JobIdentity& job);
  /// One token on request, `sub` in its v2 form. With a session as above.
  Result<std::string> mint(const JobIdentity& job, const TokenRequest& request);
  Result<std::string> mint(db::Session& session, const JobIdentity& job,
                           const TokenRequest& request);

  /// The document of OpenID Connect Discovery 1.0 §4 for root_url() or the URL of an organisation
  /// that exists. Kept once made.
  std::shared_ptr<const http::Prepared> discovery(const std::string& issuer_url) const;
  /// The published keys (RFC 7517 §5); the same bytes until the keys change.
  Result<std::shared_ptr<const http::Prepared>> jwks() const;

 private:
  struct Minted {
    std::string token;
    TokenClaims claims;
  };
  Result<Minted> sign(db::Session& session, const JobIdentity& job, TokenClaims claims) const;
  void record(db::Session& session, const JobIdentity& job, const std::vector<Minted>& tokens);
  std::unexpected<Failure> refused(db::Session& session, const JobIdentity& job,
                                   const Failure& failure);

  std::string public_url_;
  db::Database& database_;
  SigningKeys& keys_;
  const Clock& clock_;
  Metrics& metrics_;
  mutable std::mutex mutex_;
  mutable std::string prepared_kids_;  ///< which keys `prepared_jwks_` holds; guarded by mutex_
  mutable std::shared_ptr<const http::Prepared> prepared_jwks_;
  mutable std::map<std::string, std::shared_ptr<const http::Prepared>> prepared_discovery_;
};

}  // namespace imp::ci
