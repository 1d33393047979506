#pragma once

#include <atomic>
#include <cstdint>

#include "accounts/access_tokens.h"
#include "accounts/authenticator.h"
#include "accounts/bootstrap.h"
#include "accounts/groups.h"
#include "accounts/organizations.h"
#include "accounts/passkeys.h"
#include "accounts/people.h"
#include "accounts/second_factor.h"
#include "accounts/second_factor_gate.h"
#include "accounts/services.h"
#include "accounts/sessions.h"
#include "accounts/sign_in.h"
#include "accounts/throttle.h"
#include "accounts/trail.h"
#include "accounts/web_flows.h"

namespace imp::accounts {

/// Everything of this module, wired. Thread-safe once built; neither copied nor moved.
class Accounts {
 public:
  explicit Accounts(Services given);
  Accounts(const Accounts&) = delete;
  Accounts& operator=(const Accounts&) = delete;

  /// What has to happen every so often: writes the times of last use and how many refusals were not
  /// recorded, deletes what has expired. The app calls it about every ten seconds and before it
  /// stops.
  Result<void> tidy();

  const Services services;
  Throttle throttle;
  Trail trail;
  AccessTokens tokens;
  People people;
  SignIn sign_in;
  Organizations organizations;
  Groups groups;
  Sessions sessions;
  Passkeys passkeys;
  SecondFactors second_factors;
  WebFlows web_flows;
  SecondFactorGate second_factor_gate;
  Authenticator authenticator;
  Bootstrap bootstrap;

 private:
  std::atomic<std::int64_t> purged_ = 0;
};

}  // namespace imp::accounts
