#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/actor.h"
#include "accounts/passkey.h"
#include "accounts/passkey_challenges.h"
#include "accounts/person.h"
#include "accounts/purpose.h"
#include "accounts/services.h"
#include "accounts/throttle.h"
#include "accounts/trail.h"
#include "webauthn/relying_party.h"

namespace imp::accounts {

struct AddedPasskey {
  Passkey passkey;
  std::vector<std::string> recovery_codes;  ///< only with the person's first second factor
};

/// Passkeys: a person's second factor, and with it alone a sign-in. What browsers answer is checked
/// by `webauthn/`; here is whose a credential is, what it was asked for, and that an answer counts
/// once. `browser` names who was asked: "session:<id>", also of a pending sign-in, or what stands
/// for a browser without a session.
class Passkeys {
 public:
  Passkeys(const Services& services, Trail& trail, Throttle& throttle);

  /// False when browsers refuse passkeys at the public URL (webauthn/relying_party.h).
  bool available() const { return party_.has_value(); }
  Result<std::vector<Passkey>> list(const std::string& person_id) const;

  /// Starts adding. The caller has asked for the password, and for the second factor if there is
  /// one. passkey_unavailable, passkey_limit.
  Result<void> begin(const Person& person, const std::string& browser, const Actor& actor);
  /// What the page of a begun addition hands to navigator.credentials.create(): the members of
  /// PublicKeyCredentialCreationOptionsJSON. passkey_challenge_unknown when nothing was begun.
  Result<boost::json::object> creation_options(const Person& person,
                                               const std::string& browser) const;
  /// The browser's answer. `name` is what the person calls it: 1 to 60 characters.
  Result<AddedPasskey> add(const Person& person, const std::string& browser, std::string_view name,
                           std::string_view answer, const Actor& actor);
  /// The caller has asked for the password and the second factor. With the last second factor the
  /// recovery codes go too.
  Result<void> remove(const Person& person, const std::string& id, const Actor& actor);

  /// A challenge for a purpose, with the credentials of the person, or of nobody in particular when
  /// `person_id` is empty: the members of PublicKeyCredentialRequestOptionsJSON.
  Result<boost::json::object> request_options(const std::string& person_id,
                                              const std::string& browser, const Purpose& purpose,
                                              const Actor& actor);
  /// Uses an answer up, inside the caller's transaction; the passkey's name, for the record.
  /// passkey_challenge_unknown, passkey_wrong_purpose, passkey_not_yours, passkey_counter, and what
  /// webauthn/refusal.h lists.
  Result<std::string> use(db::Session& session, const std::string& person_id,
                          const std::string& browser, std::string_view answer,
                          const Purpose& purpose);
  /// Signs in with the passkey alone, which says whose it is. It verified its person, so that it
  /// stands for both factors. Limited per address.
  Result<Person> sign_in(const std::string& browser, std::string_view answer, const Actor& from);

  Result<std::int64_t> purge_expired() { return challenges_.purge_expired(); }

 private:
  Result<webauthn::RelyingParty> party() const;

  const Services& services_;
  Trail& trail_;
  Throttle& throttle_;
  PasskeyChallenges challenges_;
  std::optional<webauthn::RelyingParty> party_;
};

/// What the challenge of a sign-in without name and password is for.
inline Purpose passkey_sign_in() { return {.action = "sign_in.passkey"}; }

}  // namespace imp::accounts
