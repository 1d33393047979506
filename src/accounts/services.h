#pragma once

#include <chrono>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "crypto/password.h"
#include "crypto/random.h"
#include "crypto/sealing.h"
#include "db/database.h"

namespace imp::accounts {

struct Settings {
  std::string public_url;              ///< "https://host:port[/prefix]", no slash at the end
  std::string product = "Imprimatur";  ///< the issuer that an authenticator app shows
  crypto::PasswordCost password_cost = crypto::PasswordCost::interactive;
  Milliseconds session_idle = std::chrono::days(7);      ///< a session not used for this long ends
  Milliseconds session_maximum = std::chrono::days(30);  ///< and it never lives longer than this
  Milliseconds login_token_lifetime = std::chrono::days(30);      ///< of `npm login`
  Milliseconds personal_token_lifetime = std::chrono::days(365);  ///< longest, and the default
  Milliseconds write_token_lifetime = std::chrono::days(90);  ///< longest for granular write tokens
};

/// What every class of this module works with. Outlives them all.
struct Services {
  db::Database& database;
  const Clock& clock;
  crypto::Random& random;
  const crypto::Sealer& sealer;
  Log& log;
  Metrics& metrics;
  Settings settings;
};

}  // namespace imp::accounts
