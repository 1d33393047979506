#pragma once

#include <boost/json/array.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/suppressed.h"
#include "base/clock.h"
#include "db/database.h"
#include "registry/trust/required_claims.h"

namespace imp::trust {

/// One line of a package's "Publish attempts": every exchange, publish and staging by a CI
/// identity, granted or refused.
struct Attempt {
  std::string id = {};
  std::string package_name = {};
  Time at = {};
  /// "exchange", "publish", "stage", "dist-tag", or the audit log's word for what else was tried
  /// with a publish token. What people publish and stage is here, too.
  std::string action = {};
  /// "granted", "held" (staged instead), the code of the refusal, or "suppressed": so many refusals
  /// that they are in one line, whose message says how many.
  std::string outcome = {};
  /// The public sentence of the refusal, or why held; empty when granted.
  std::string message = {};
  std::optional<std::string> publisher_id = {};
  std::string actor = {};     ///< as in the audit log: "user:alice", "publisher:…", "anonymous"
  std::string version = {};   ///< that was published or staged, once it is known
  std::string token_id = {};  ///< of the publish token that was minted or used
  /// Whose machine the job ran on, in its provider's words ("github-hosted", "self-hosted"), by a
  /// token that was genuine; empty where its tokens do not say.
  std::string runner = {};
  std::string issuer = {};  ///< as claimed; empty when the token could not be read
  /// [{"publisher": id, "claims": [{"claim","expected","received","agreed"}],
  /// "unasked": [{"claim","received"}]}], the last of one that agrees, where there are any.
  boost::json::array comparison = {};
  std::string remote_address = {};
  /// The identity token was genuine, and of an organisation that a publisher of the package names.
  bool proved = false;
};

/// The attempts of a package kept for its maintainers; older ones are not shown, and go after a
/// while (the audit log keeps all). Those that anybody could have made (not `proved`) are counted
/// apart, so that strangers cannot push out the others.
inline constexpr int kKeptAttempts = 100;
inline constexpr int kKeptUnproved = 20;

/// What came from elsewhere is written down as clean_text() of 16 KiB at most: a text that cannot
/// be stored must not keep the attempt from being recorded.
void record_attempt(db::Session& session, const Attempt& attempt);
/// The line that stands for refusals that were not written down one by one. `action` is Attempt's.
Attempt attempt_for(const audit::SuppressedRefusals& refusals, std::string_view package_name,
                    std::string_view action, Time now);
/// The newest first.
std::vector<Attempt> attempts_of(db::Session& session, std::string_view package_name, int limit);
std::optional<Attempt> attempt_by_id(db::Session& session, std::string_view id);
/// The exchange whose token the attempt used, if it is still kept.
std::optional<Attempt> exchange_behind(db::Session& session, const Attempt& attempt);

/// How long attempts of a name that no package has are kept: nothing else bounds how many names
/// there are.
inline constexpr Milliseconds kUnownedKept = std::chrono::days(30);
/// Forgets those among the next `limit` attempts after the one with the id `after`, which are in
/// the order of time. Where to go on; empty, to begin again, when all old ones were looked at.
Result<std::string> forget_unowned_attempts(db::Database& database, const std::string& after,
                                            Time now, std::int64_t limit);

/// One element of Attempt::comparison; `not_asked` is of a publisher that agrees.
boost::json::object comparison_json(std::string_view publisher_id, const Comparison& comparison,
                                    const std::vector<UnaskedClaim>& not_asked = {},
                                    boost::json::storage_ptr memory = {});
/// What the last job that got a token by the publisher had and it does not require, of the newest
/// attempts first: as comparison_json() has it.
boost::json::array last_unasked(const std::vector<Attempt>& attempts,
                                std::string_view publisher_id);

/// As the API has it.
boost::json::object attempt_json(const Attempt& attempt);

std::vector<db::Migration> attempt_migrations();

}  // namespace imp::trust
