#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/access_tokens.h"
#include "accounts/actor.h"
#include "accounts/person.h"
#include "accounts/services.h"
#include "accounts/trail.h"
#include "db/database.h"

namespace imp::accounts {

/// For other modules inside their own transactions.
std::optional<Person> find_person(db::Session& session, std::string_view id);
std::optional<Person> find_person_by_name(db::Session& session, std::string_view name);

struct NewPerson {
  std::string name = {};
  std::string email = {};
  std::string password = {};  ///< at least 10 characters and at most 1024 bytes
  bool is_admin = false;
  std::string fullname = {};
};

/// What `npm profile set` sends; a member that is not set stays as it is, an empty one is cleared
/// (but for the e-mail address, which must stay one).
struct ProfileChange {
  std::optional<std::string> email = {}, fullname = {}, homepage = {}, github = {};
};

/// Accounts and their passwords. Signing in is in sign_in.h.
class People {
 public:
  People(const Services& services, Trail& trail, AccessTokens& tokens)
      : services_(services), trail_(trail), tokens_(tokens) {}

  Result<Person> create(const NewPerson& person, const Actor& actor);
  /// person_not_found when there is none.
  Result<Person> by_id(std::string_view id) const;
  Result<Person> by_name(std::string_view name) const;
  /// In the order of names, those after `after` ("" for the first page), at most `limit`.
  Result<std::vector<Person>> list(std::string_view after, int limit) const;

  Result<Person> change_profile(const Person& person, const ProfileChange& change,
                                const Actor& actor);
  /// Sets a new password and ends every browser session and login token of the person but the
  /// session `keep_session_id`. The caller has checked the old password (SignIn::check_password) or
  /// is an administrator.
  Result<void> set_password(const Person& person, std::string_view password, const Actor& actor,
                            std::string_view keep_session_id = {});
  /// Only for administrators of the server; the last of them cannot be demoted.
  Result<void> set_admin(const Person& person, bool is_admin, const Actor& actor);

 private:
  const Services& services_;
  Trail& trail_;
  AccessTokens& tokens_;
};

/// Refuses passwords that are too short or too long, or that are the name itself.
Result<void> check_new_password(std::string_view password, std::string_view name);

/// The inside of People::create for a password that is hashed already: claims the name, inserts,
/// appends the audit record. Hashing takes long and must not happen inside a write transaction.
Result<Person> insert_person(db::Session& session, const NewPerson& person,
                             const std::string& password_hash, const Actor& actor, Trail& trail,
                             Time now);

}  // namespace imp::accounts
