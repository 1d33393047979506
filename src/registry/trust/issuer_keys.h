#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/failure.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/client.h"
#include "jose/jwks.h"
#include "registry/trust/issuer.h"

namespace imp::trust {

/// How keys are fetched and kept.
struct KeyRules {
  Milliseconds timeout{5000};
  Milliseconds cooldown{60'000};  ///< between two fetches from one issuer, whatever the reason
  Milliseconds default_age{3'600'000};  ///< when the answer states no max-age
  /// Floor and ceiling for the stated one. No floor above the cooldown: for as long as keys are
  /// kept, one that its issuer has withdrawn is still good.
  Milliseconds least_age{60'000};
  Milliseconds most_age{86'400'000};
  Milliseconds most_stale{86'400'000};  ///< how old keys may get while the issuer is down
  /// Requests that wait for one fetch; the rest are refused. After a restart nothing is kept, and
  /// the jobs of one pipeline come together: npm does not try an exchange twice.
  int most_waiters = 8;
  /// … and that wait for one configured issuer, all its organisations together: a host that hangs
  /// must leave worker threads for everything else (the server has 16 for outbound calls), and one
  /// organisation that hangs must leave places for the others.
  int most_busy = 12;
  std::size_t most_issuers = 4096;  ///< cached per-organisation issuers
};

/// The public keys of issuers, by OpenID Connect Discovery 1.0 §4 and RFC 7517. Thread-safe.
///
/// One fetch at a time per issuer and at most one a cooldown, however many tokens with unknown key
/// ids arrive; an issuer that hangs holds up only requests that need it, and few of those: whoever
/// can be served with the keys that are there does not wait. A fetch that fails
/// (status, size, time, redirect, an address that is not public or not https:// where the issuer is
/// not allowed it, not a key set, no usable key, `issuer` not the expected one,
/// `jwks_uri` on another host) leaves the keys that were known in use until they are most_stale
/// old.
class IssuerKeys {
 public:
  IssuerKeys(http::Client& client, const Clock& clock, Log& log, Metrics& metrics,
             KeyRules rules = {});

  using Keys = std::shared_ptr<const jose::KeySet>;
  /// The keys to verify with: those that were pinned with the issuer, else fetches them when there
  /// are none or they have aged. TrustRefusal::issuer_unavailable when there is nothing to verify
  /// with.
  Result<Keys> current(const IssuerMatch& issuer);
  /// For a key id that current() lacks: fetches again unless that was done within the cooldown.
  Result<Keys> refreshed(const IssuerMatch& issuer);

 private:
  struct Entry {
    std::mutex fetching;  // held during a fetch; never together with state
    std::mutex state;     // guards what follows
    Keys keys;
    Time fetched{};  // of `keys`
    Time fresh_until{};
    Time last_attempt{};
    bool attempted = false;
    int waiters = 0;
    std::string last_error;
    bool forbidden = false;  ///< what the last error was about: Issuer::private_addresses
    Time used{};             // guarded by IssuerKeys::mutex_
  };

  std::shared_ptr<Entry> entry(const IssuerMatch& issuer);
  Result<Keys> get(const IssuerMatch& issuer, bool wants_newer);
  void fetch(const IssuerMatch& issuer, Entry& entry);
  bool serves(const Entry& entry) const;
  bool cooling(const Entry& entry, Time now) const;
  Result<Keys> held(const IssuerMatch& issuer, const Entry& entry) const;
  void make_room();
  bool take_place(const Issuer& issuer);
  void leave_place(const Issuer& issuer);

  http::Client& client_;
  const Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  KeyRules rules_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries_;
  std::mutex busy_mutex_;
  std::map<std::string, int, std::less<>> busy_;  // by Issuer::id
};

}  // namespace imp::trust
