#include "accounts/accounts.h"

#include <chrono>
#include <utility>

namespace imp::accounts {
namespace {

constexpr Milliseconds kPurgeEvery = std::chrono::hours(1);
/// Expired tokens stay in `npm token list` for a while, so that people see why a job broke.
constexpr Milliseconds kKeepExpiredTokens = std::chrono::days(30);

}  // namespace

Accounts::Accounts(Services given)
    : services(std::move(given)),
      throttle(services.clock, services.random),
      trail(services, throttle),
      tokens(services, trail),
      people(services, trail, tokens),
      sign_in(services, trail, throttle),
      organizations(services, trail),
      groups(services, trail),
      sessions(services, trail),
      passkeys(services, trail, throttle),
      second_factors(services, trail, throttle, passkeys),
      web_flows(services, trail, throttle, tokens, second_factors),
      second_factor_gate(services, second_factors, web_flows),
      authenticator(services, trail, people, sign_in, tokens, sessions),
      bootstrap(services, trail) {}

Result<void> Accounts::tidy() {
  if (auto flushed = tokens.flush_last_used(); !flushed) return flushed;
  constexpr auto kOver = audit::Suppressed::Which::of_past_windows;
  if (auto told = trail.record_suppressed(kOver); !told) return told;
  const std::int64_t now = to_milliseconds(services.clock.now());
  std::int64_t purged = purged_.load();
  if (now - purged < kPurgeEvery.count() || !purged_.compare_exchange_strong(purged, now)) {
    return {};
  }
  if (auto done = sessions.purge_expired(); !done) return pass_on(done);
  if (auto done = web_flows.purge_expired(); !done) return pass_on(done);
  if (auto done = passkeys.purge_expired(); !done) return pass_on(done);
  if (auto done = tokens.purge_expired(kKeepExpiredTokens); !done) return pass_on(done);
  return {};
}

}  // namespace imp::accounts
