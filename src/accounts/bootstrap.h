#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "accounts/people.h"
#include "accounts/services.h"
#include "accounts/trail.h"

namespace imp::accounts {

/// Where the person goes with the token that `serve` prints: public URL + this + token.
inline constexpr std::string_view kSetupPath = "/setup/";

/// The first administrator of a new server.
class Bootstrap {
 public:
  Bootstrap(const Services& services, Trail& trail) : services_(services), trail_(trail) {}

  /// A fresh one-time token while there is no administrator, replacing the one before; nothing
  /// once there is one.
  Result<std::optional<std::string>> setup_token();
  /// Whether the token is the current one (for showing the form).
  Result<void> check(std::string_view token) const;
  /// Makes the person an administrator and uses the token up, in one transaction.
  /// setup_finished, setup_token_wrong.
  Result<Person> create_first_admin(std::string_view token, NewPerson person, const Actor& actor);

 private:
  const Services& services_;
  Trail& trail_;
};

}  // namespace imp::accounts
