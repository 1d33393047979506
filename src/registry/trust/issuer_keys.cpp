#include "registry/trust/issuer_keys.h"

#include <algorithm>
#include <tuple>

#include "registry/trust/key_document.h"
#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

struct Fetched {
  IssuerKeys::Keys keys;
  std::optional<Milliseconds> max_age;
};

/// Why keys were not fetched.
struct Trouble {
  std::string reason;      ///< for the operator
  bool forbidden = false;  ///< Issuer::private_addresses would have to be true
};
std::unexpected<Trouble> trouble(std::string reason) {
  return std::unexpected(Trouble{std::move(reason)});
}

bool is_forbidden(const Failure& failure) {
  return failure.code() == reason(http::FetchRefusal::address_refused).code ||
         failure.code() == reason(http::FetchRefusal::scheme_refused).code;
}

/// One GET of a small JSON document, or in words why not.
std::expected<http::Fetched, Trouble> get(http::Client& client, const std::string& url,
                                          const Issuer& issuer, const KeyRules& rules) {
  http::Fetch request;
  request.url = url;
  request.timeout = rules.timeout;
  request.body_limit = jose::kMaxKeySetBytes;
  request.headers = {{"accept", "application/json"}};
  request.public_addresses_only = request.https_only = !issuer.private_addresses;
  auto answer = client.fetch(request);
  if (!answer) {
    return std::unexpected(
        Trouble{url + ": " + answer.error().message, is_forbidden(answer.error())});
  }
  if (answer->status != 200) return trouble(fmt::format("{} answered {}", url, answer->status));
  return std::move(*answer);
}

std::expected<std::string, Trouble> discovered(http::Client& client, const IssuerMatch& issuer,
                                               const KeyRules& rules) {
  const auto discovery = get(client, issuer.discovery_url(), *issuer.issuer, rules);
  if (!discovery) return std::unexpected(discovery.error());
  auto uri = jwks_uri_of(discovery->body, issuer.url);
  if (!uri) return trouble(uri.error());
  if (!issuer.issuer->fetch_base.empty()) {
    // The origin was checked against the public one above; the bytes come from where they are
    // served.
    if (!uri->starts_with(issuer.issuer->base_url + "/"))
      return trouble("jwks_uri is not below the issuer");
    *uri = issuer.issuer->fetch_base + uri->substr(issuer.issuer->base_url.size());
  }
  return std::move(*uri);
}

std::expected<Fetched, Trouble> fetch_keys(http::Client& client, const IssuerMatch& issuer,
                                           const KeyRules& rules) {
  const std::string& named = issuer.issuer->keys_url;
  const auto uri = named.empty() ? discovered(client, issuer, rules)
                                 : std::expected<std::string, Trouble>(named);
  if (!uri) return std::unexpected(uri.error());
  const auto document = get(client, *uri, *issuer.issuer, rules);
  if (!document) return std::unexpected(document.error());
  auto keys = jose::KeySet::parse(document->body);
  if (!keys) return trouble(*uri + ": " + keys.error().message);
  if (keys->empty()) return trouble(*uri + " has no key that can be used");
  return Fetched{std::make_shared<const jose::KeySet>(std::move(*keys)),
                 max_age_of(document->header("cache-control"))};
}

}  // namespace

IssuerKeys::IssuerKeys(http::Client& client, const Clock& clock, Log& log, Metrics& metrics,
                       KeyRules rules)
    : client_(client), clock_(clock), log_(log), metrics_(metrics), rules_(rules) {}

Result<IssuerKeys::Keys> IssuerKeys::current(const IssuerMatch& issuer) {
  if (issuer.issuer->pinned_keys) return issuer.issuer->pinned_keys;
  return get(issuer, false);
}

Result<IssuerKeys::Keys> IssuerKeys::refreshed(const IssuerMatch& issuer) {
  if (issuer.issuer->pinned_keys) return issuer.issuer->pinned_keys;
  return get(issuer, true);
}

std::shared_ptr<IssuerKeys::Entry> IssuerKeys::entry(const IssuerMatch& issuer) {
  const std::lock_guard lock(mutex_);
  auto found = entries_.find(issuer.url);
  if (found == entries_.end()) {
    if (entries_.size() >= rules_.most_issuers) make_room();
    found = entries_.emplace(issuer.url, std::make_shared<Entry>()).first;
  }
  found->second->used = clock_.now();
  return found->second;
}

/// Everybody who has a package can have a publisher name an organisation that does not exist: such
/// entries go first, then the one that was not used for longest.
void IssuerKeys::make_room() {
  const auto rank = [](const auto& item) {
    const std::lock_guard lock(item.second->state);
    return std::tuple(item.second->waiters > 0, item.second->keys != nullptr, item.second->used);
  };
  entries_.erase(std::ranges::min_element(entries_, {}, rank));
}

bool IssuerKeys::take_place(const Issuer& issuer) {
  const std::lock_guard lock(busy_mutex_);
  int& busy = busy_[issuer.id];
  if (busy >= rules_.most_busy) return false;
  ++busy;
  return true;
}

void IssuerKeys::leave_place(const Issuer& issuer) {
  const std::lock_guard lock(busy_mutex_);
  --busy_[issuer.id];
}

Result<IssuerKeys::Keys> IssuerKeys::get(const IssuerMatch& issuer, bool wants_newer) {
  const std::shared_ptr<Entry> entry = this->entry(issuer);
  const Time asked = clock_.now();
  {
    const std::lock_guard lock(entry->state);
    // Of keys that were fetched later than now, before the clock was set back, the age is unknown.
    const bool fresh =
        entry->keys && entry->fetched <= asked && asked < entry->fresh_until && !wants_newer;
    if (fresh || (cooling(*entry, asked) && entry->waiters == 0)) return held(issuer, *entry);
    const bool can_do_without = !wants_newer && serves(*entry);
    if (entry->waiters > 0 && can_do_without) return entry->keys;
    if (entry->waiters >= rules_.most_waiters || !take_place(*issuer.issuer)) {
      if (can_do_without) return entry->keys;
      return refuse(
          TrustRefusal::issuer_unavailable,
          fmt::format("The keys of {} are being fetched; try again in a moment.", issuer.url));
    }
    ++entry->waiters;
  }
  const std::lock_guard fetching(entry->fetching);
  bool fetched_meanwhile;
  {
    const std::lock_guard lock(entry->state);
    fetched_meanwhile = cooling(*entry, clock_.now());
  }
  if (!fetched_meanwhile) fetch(issuer, *entry);
  leave_place(*issuer.issuer);
  const std::lock_guard lock(entry->state);
  --entry->waiters;
  return held(issuer, *entry);
}

void IssuerKeys::fetch(const IssuerMatch& issuer, Entry& entry) {
  auto fetched = fetch_keys(client_, issuer, rules_);
  const Time now = clock_.now();
  metrics_.count("trust_key_fetches_total",
                 {{"issuer", issuer.issuer->id}, {"outcome", fetched ? "ok" : "failed"}});
  if (!fetched) {
    log_.warning("issuer keys not fetched",
                 {{"issuer", issuer.url}, {"reason", fetched.error().reason}});
  }
  const std::lock_guard lock(entry.state);
  entry.attempted = true;
  entry.last_attempt = now;
  if (!fetched) {
    entry.last_error = fetched.error().reason;
    entry.forbidden = fetched.error().forbidden;
    return;
  }
  entry.keys = std::move(fetched->keys);
  entry.fetched = now;
  entry.fresh_until = now + std::clamp(fetched->max_age.value_or(rules_.default_age),
                                       rules_.least_age, rules_.most_age);
  entry.last_error.clear();
  entry.forbidden = false;
}

bool IssuerKeys::cooling(const Entry& entry, Time now) const {
  return entry.attempted && entry.last_attempt <= now && now - entry.last_attempt < rules_.cooldown;
}

bool IssuerKeys::serves(const Entry& entry) const {
  const Time now = clock_.now();
  // As above: of unknown age, and nothing says that it will be over soon.
  return entry.keys && entry.fetched <= now && now < entry.fetched + rules_.most_stale;
}

Result<IssuerKeys::Keys> IssuerKeys::held(const IssuerMatch& issuer, const Entry& entry) const {
  if (serves(entry)) return entry.keys;
  return refuse(
      TrustRefusal::issuer_unavailable,
      fmt::format("The keys of {} cannot be fetched, so its tokens cannot be verified.{}",
                  issuer.url,
                  entry.forbidden ? " They are at an address that is not public, or without TLS, "
                                    "and this registry does not ask there: its operator has to "
                                    "allow that for this issuer."
                                  : ""),
      entry.last_error);
}

}  // namespace imp::trust
