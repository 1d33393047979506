#pragma once

#include <string>
#include <string_view>

#include "accounts/purpose.h"
#include "accounts/services.h"
#include "db/database.h"

namespace imp::accounts {

/// Challenges for passkeys: 32 random bytes, issued to one browser for one purpose, good once and
/// for five minutes.
class PasskeyChallenges {
 public:
  explicit PasskeyChallenges(const Services& services) : services_(services) {}

  /// `browser` is who may answer: "session:<id>", or what stands for a browser that has none. A
  /// browser keeps its twenty newest.
  std::string issue(db::Session& session, const std::string& browser, const Purpose& purpose);
  /// The newest that this browser was given for this purpose, to show a page again; "" without one.
  std::string newest(db::Session& session, const std::string& browser,
                     const Purpose& purpose) const;
  /// Uses one up: of two transactions with the same one, one gets it.
  /// passkey_challenge_unknown; passkey_wrong_purpose.
  Result<void> consume(db::Session& session, const std::string& challenge,
                       const std::string& browser, const Purpose& purpose);
  Result<std::int64_t> purge_expired();

 private:
  const Services& services_;
};

}  // namespace imp::accounts
