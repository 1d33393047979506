#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/failure.h"
#include "crypto/random.h"
#include "db/database.h"
#include "registry/trust/permissions.h"
#include "registry/trust/publisher.h"

namespace imp::trust {

inline constexpr std::string_view kPublishTokenPrefix = "imp_pub_";
inline constexpr Milliseconds kPublishTokenLife = std::chrono::minutes(15);

/// What an exchange gave: good for one version of one package and the publisher's permissions, for
/// 15 minutes.
struct PublishToken {
  std::string id;
  std::string package_id;  ///< what its publisher hung on: TrustedPublisher::package_id
  std::string package_name;
  std::string publisher_id;
  const Provider* provider = nullptr;  ///< the publisher's; never null in a token that was found
  Permissions permissions;
  boost::json::object
      run;  ///< of the identity token: issuer, organisation, project, pipeline, job, ref
  Time created_at;
  Time expires_at;
  std::string version = {};   ///< the only one that its ref allows; empty: any
  std::string spent_on = {};  ///< the one that it was used for, for good; empty: none yet
};

/// True for what looks like a publish token, so that callers need ask no table for other
/// credentials.
inline bool is_publish_token(std::string_view text) {
  return text.starts_with(kPublishTokenPrefix);
}

/// Makes a token and stores its SHA-256; the text is returned once and kept nowhere. It begins with
/// the time at which it was made, so that the keys of tokens that are made together share pages of
/// an index.
struct MintedToken {
  std::string text;
  PublishToken token;  ///< without its `run`, which who mints knows
};
MintedToken mint_publish_token(db::Session& session, crypto::Random& random,
                               const TrustedPublisher& publisher, std::string_view package_name,
                               const boost::json::object& run, Time now, std::string version = {});

/// The token with this text, if it is known, not revoked, not expired, and its publisher still
/// there. Otherwise TrustRefusal::run_ended, or publish_token_invalid whose detail tells which.
Result<PublishToken> find_publish_token(db::Session& session, std::string_view text, Time now);

/// The same question again, inside the transaction that acts on the token: an upload takes its
/// time, and the token may have been revoked or its publisher removed since it was found.
Result<void> still_stands(db::Session& session, const PublishToken& token, Time now);

/// What a publish token is about to be used for.
enum class PublishAction { read, publish, stage, dist_tag };

/// Whether the token may do it to this package: TrustRefusal::other_package or
/// permission_not_granted. Reading its own package is always allowed.
Result<void> may(const PublishToken& token, PublishAction action, std::string_view package_name);

/// Whether this version may be published or staged with the token as it was found:
/// TrustRefusal::version_tag_mismatch or publish_token_spent.
Result<void> may_release(const PublishToken& token, std::string_view version);

/// The same, asked in the transaction that publishes, stages or holds the version, which is the
/// only one from then on that the token may be used for. Harmless for the same version again.
Result<void> spend(db::Session& session, const PublishToken& token, std::string_view version);

/// Of a token that was issued here, whether or not it is still good for anything.
struct IssuedToken {
  std::string id;
  std::string package_name;
  std::string publisher_id;
  const Provider* provider = nullptr;  ///< its publisher's; null when nothing is known of that
  boost::json::object run;
};
/// Nothing for a text that never was one, or whose end was over an hour ago (forget_expired).
std::optional<IssuedToken> issued_token(db::Session& session, std::string_view text);

/// Revokes early; true when there was something to revoke.
bool revoke_publish_token(db::Session& session, std::string_view text, Time now);

/// Revokes the tokens of packages for which `covered` holds; how many that were. Looks at all that
/// are kept, which are those of the last hour and a quarter.
std::int64_t revoke_publish_tokens_of(db::Session& session,
                                      const std::function<bool(std::string_view package)>& covered,
                                      Time now);

/// Forgets tokens and replay marks whose time is over, and was over kReplayMargin ago, so that the
/// small steps of clocks cost nobody anything. Nothing is exchanged twice after greater ones
/// either: see replay_mark.h.
void forget_expired(db::Session& session, Time now);
inline constexpr Milliseconds kReplayMargin = std::chrono::hours(1);

}  // namespace imp::trust
