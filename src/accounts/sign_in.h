#pragma once

#include <string>
#include <string_view>

#include "accounts/actor.h"
#include "accounts/hashing_slots.h"
#include "accounts/person.h"
#include "accounts/services.h"
#include "accounts/throttle.h"
#include "accounts/trail.h"

namespace imp::accounts {

/// Names and passwords. An unknown name costs the same work and gets the same answer as a wrong
/// password. Failed attempts are limited per name and address, per address, and per name;
/// beyond that `too_many_attempts`, whatever the password.
class SignIn {
 public:
  SignIn(const Services& services, Trail& trail, Throttle& throttle);

  /// The person whose name and password these are; sign_in_failed otherwise. A second factor is the
  /// caller's next question (SecondFactors). Success is recorded by whatever is made of it: a
  /// session or a token.
  Result<Person> check_password(std::string_view name, std::string_view password,
                                const Actor& from);

 private:
  Result<Person> verify(std::string_view name, std::string_view password);

  const Services& services_;
  Trail& trail_;
  Throttle& throttle_;
  std::string dummy_hash_;
  HashingSlots slots_{4, 16};
};

}  // namespace imp::accounts
