#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "audit/record.h"
#include "base/failure.h"
#include "http/request.h"
#include "http/response.h"
#include "registry/api/services.h"
#include "registry/packages/access.h"
#include "registry/trust/publish_token.h"

namespace imp::registry {

/// Who sent a request to the registry: nobody, a person, or a CI job with a publish token.
class Requester {
 public:
  /// Looks at the credential. A wrong one is a refusal, never an anonymous requester.
  static Result<Requester> identify(RegistryServices& services, const http::Request& request);

  /// What packages judge, as it was when the request came.
  const Caller& rights() const { return rights_; }
  /// The same, asked again inside the transaction that acts on it: an upload or a second factor
  /// takes its time, and meanwhile the token may have been revoked, or the person may have left the
  /// organisation.
  Result<Caller> rights_now(db::Session& session, Time now) const;
  /// Whose rights decide what this request may read of a package. A limited access token that does
  /// not reach it counts for nothing there, as if nobody had signed in; a publish token is refused
  /// everything but its own package.
  Result<Caller> rights_to_read(const PackageName& package) const;
  /// Whether the credential reaches a package for reading, whoever may.
  bool reaches(std::string_view package) const;
  const accounts::Caller& account() const { return account_; }
  const std::optional<trust::PublishToken>& publish_token() const { return publish_token_; }
  /// What this request is called in "Publish attempts", should it be one.
  const std::string& attempt_id() const { return attempt_id_; }
  bool anonymous() const { return !publish_token_ && !account_.signed_in(); }

  /// Whether the credential itself may be used for this, before the person's rights are asked: a
  /// publish token's package and permissions, an access token's reach. `not_signed_in` for nobody.
  Result<void> may(trust::PublishAction action, const PackageName& package) const;
  /// A person, by a credential that governs: no publish token, no limited access token.
  Result<void> may_govern() const;

  /// "user:alice", "publisher:<id>" or "anonymous", for the audit log.
  std::string audit_actor() const;
  /// A record of this request with actor and origin filled in.
  audit::Record audit_record(std::string_view action, std::string_view subject, Time now) const;
  /// What `_npmUser` will say of a version that this requester publishes.
  Publisher publisher() const;

 private:
  Caller rights_;
  accounts::Caller account_;
  std::optional<trust::PublishToken> publish_token_;
  std::string attempt_id_;
};

/// The id of the organisation that owns the scope of a name; nothing for unscoped names and scopes
/// that no organisation has.
std::optional<std::string> scope_owner(db::Session& session, const PackageName& name);

/// Asks for the person's second factor where the action needs one; what it was, when it may go on.
/// People without a second factor are let through for `Without::allow` only; publish tokens are
/// never asked.
enum class Without { allow, refuse };
std::expected<accounts::Confirmation, http::Response> confirmed_factor(
    RegistryServices& services, const http::Request& request, const Requester& requester,
    std::string action, std::string subject, Without without);
/// The same for those who need not know what it was.
std::optional<http::Response> second_factor(RegistryServices& services,
                                            const http::Request& request,
                                            const Requester& requester, std::string action,
                                            std::string subject, Without without);

/// The same, and whether a factor was given: false for those who were let through without.
std::expected<bool, http::Response> given_factor(RegistryServices& services,
                                                 const http::Request& request,
                                                 const Requester& requester, std::string action,
                                                 std::string subject, Without without);

/// The package name captured by the route, under the rules for reading old names.
Result<PackageName> addressed_package(const http::Request& request);

}  // namespace imp::registry
