#pragma once

#include <string>
#include <string_view>

#include "accounts/accounts.h"
#include "app/store.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "crypto/random.h"

namespace imp::app::test {

inline constexpr std::string_view kPassword = "correct horse battery";

/// What accounts need over the store of a data directory; passwords cost little.
inline accounts::Services accounts_over(Store& store, const Clock& clock, Metrics& metrics,
                                        std::string_view public_url) {
  return {.database = *store.database,
          .clock = clock,
          .random = crypto::system_random(),
          .sealer = store.sealer,
          .log = null_log(),
          .metrics = metrics,
          .settings = {.public_url = std::string(public_url),
                       .password_cost = crypto::PasswordCost::minimal}};
}

/// Somebody with kPassword and an address at example.test.
inline accounts::Person add_person(accounts::Accounts& accounts, const std::string& name,
                                   bool is_admin = false) {
  return accounts.people
      .create({.name = name,
               .email = name + "@example.test",
               .password = std::string(kPassword),
               .is_admin = is_admin,
               .fullname = {}},
              accounts::Actor::system())
      .value();
}

}  // namespace imp::app::test
