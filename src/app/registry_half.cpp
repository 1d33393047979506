#include "app/registry_half.h"

#include <algorithm>

#include "app/descriptor_limit.h"
#include "app/trusted_root_file.h"
#include "crypto/random.h"
#include "registry/api/news/publisher_news.h"
#include "registry/api/operator/hook_changes.h"
#include "registry/api/people/memberships.h"
#include "registry/api/refusals.h"
#include "registry/api/routes.h"
#include "registry/api/staging/stage_expiry.h"
#include "registry/api/trust/pending_publishers.h"
#include "registry/trust/attempt.h"
#include "registry/trust/providers/circleci/circleci.h"
#include "registry/trust/publish_token.h"

namespace imp::app {

namespace {

constexpr std::string_view kOwnIssuer = "imprimatur";
constexpr std::string_view kCircleCi = "circleci";

registry::ReceiveLimits receive_limits(const Settings& settings) {
  registry::ReceiveLimits limits;
  limits.document.tarball_bytes = static_cast<std::uint64_t>(settings.tarball_megabytes) << 20;
  return limits;
}

registry::PublishLimits publish_limits(const Settings& settings) {
  return {settings.publishes_per_publisher, settings.publishes_per_repository};
}

}  // namespace

std::vector<trust::Issuer> built_in_issuers(const Settings& settings,
                                            const std::string& listen_origin) {
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(settings.identity_token_age);
  trust::Issuer own(trust::circleci());
  own.id = kOwnIssuer;
  own.own = true;
  own.base_url = settings.public_url + "/oidc";
  own.private_addresses = true;  // this very server
  own.fetch_base = listen_origin.empty() ? "" : listen_origin + "/oidc";
  own.max_age = age;
  std::vector<trust::Issuer> issuers{std::move(own)};
  for (const trust::Provider* provider : trust::providers()) {
    trust::Issuer issuer(*provider);
    issuer.id = provider->type;
    issuer.base_url = provider->type == kCircleCi ? std::string_view(settings.circleci_issuer)
                                                  : provider->known_issuer.url;
    if (issuer.base_url.empty()) continue;
    issuer.max_age = age;
    if (const auto own_age = provider->known_issuer.age; own_age.count() != 0) {
      issuer.max_age = issuer.max_lifetime = own_age;
    }
    issuer.private_addresses = settings.issuer_private_addresses;
    issuer.self_hosted_runners = provider->tells_runners() && settings.self_hosted_runners;
    issuers.push_back(std::move(issuer));
  }
  return issuers;
}

Result<std::unique_ptr<RegistryHalf>> RegistryHalf::create(
    const Settings& settings, Store& store, blobs::Store& blobs, accounts::Accounts& accounts,
    http::Client& client, http::Waiters& waiters, const std::string& listen_origin,
    const Clock& clock, Log& log, Metrics& metrics) {
  auto key = registry::load_or_create_registry_key(*store.database, store.sealer, clock);
  if (!key) return pass_on(key);
  std::unique_ptr<RegistryHalf> half(new RegistryHalf(settings, store, blobs, accounts, client,
                                                      waiters, std::move(*key), listen_origin,
                                                      clock, log, metrics));
  if (settings.trusted_root.empty()) return half;
  auto root = load_trusted_root(settings.trusted_root);
  if (!root) return pass_on(root);
  half->services_.trusted_root = std::move(*root);
  return half;
}

RegistryHalf::RegistryHalf(const Settings& settings, Store& store, blobs::Store& blobs,
                           accounts::Accounts& accounts, http::Client& client,
                           http::Waiters& waiters, registry::RegistryKey key,
                           const std::string& listen_origin, const Clock& clock, Log& log,
                           Metrics& metrics)
    : key_(std::move(key)),
      issuers_(built_in_issuers(settings, listen_origin)),
      issuer_keys_(client, clock, log, metrics),
      evaluator_(*store.database, issuers_, issuer_keys_, accepted_audiences(settings), clock),
      exchange_(*store.database, evaluator_, crypto::system_random(), clock, log, metrics,
                registry::tell_of_learning(issuers_)),
      recent_publishes_(clock),
      refused_exchanges_(clock),
      cache_(static_cast<std::size_t>(settings.cache_megabytes) << 20),
      reader_(*store.database, blobs, cache_, settings.public_url,
              std::min<std::size_t>(1024, descriptor_limit() / 8)),
      reviews_(*store.database, blobs),
      services_{.database = *store.database,
                .blobs = blobs,
                .accounts = accounts,
                .cache = cache_,
                .reader = reader_,
                .key = key_,
                .issuers = issuers_,
                .exchange = exchange_,
                .recent_publishes = recent_publishes_,
                .refused_exchanges = refused_exchanges_,
                .reviews = reviews_,
                .waiters = waiters,
                .hooks = {store.sealer, settings.webhook_private_addresses},
                .clock = clock,
                .log = log,
                .metrics = metrics,
                .public_url = settings.public_url,
                .default_issuer = std::string(kCircleCi),
                .own_issuer = std::string(kOwnIssuer),
                .receive_limits = receive_limits(settings),
                .publish_limits = publish_limits(settings),
                .publisher_rules = {.unused_life = settings.unused_publisher_life,
                                    .cool_down = settings.publisher_cool_down},
                .switch_cool_down = settings.switch_cool_down},
      hook_sender_(*store.database, client, store.sealer, clock, log, metrics,
                   {.private_addresses = settings.webhook_private_addresses}) {}

void RegistryHalf::add_routes(http::Router& router) {
  registry::follow_memberships(services_);
  registry::complete_suppressed_refusals(services_);
  registry::add_registry_routes(router, services_);
}

void RegistryHalf::stop() {
  hook_sender_.stop();
  record_suppressed(audit::Suppressed::Which::all);
}

void RegistryHalf::record_suppressed(audit::Suppressed::Which which) {
  if (const auto told = services_.exchange.record_suppressed(which); !told) {
    services_.log.warning("refused exchanges not counted in the audit log",
                          {{"reason", told.error().detail}});
  }
}

void RegistryHalf::tidy() {
  constexpr std::int64_t kAttemptsLookedAt = 1000;
  const auto done = services_.database.write([&](db::Session& session) -> Result<void> {
    trust::forget_expired(session, services_.clock.now());
    registry::forget_publishes(session, services_.clock.now());
    return {};
  });
  if (!done)
    services_.log.warning("expired publish tokens not removed", {{"reason", done.error().detail}});
  auto looked = trust::forget_unowned_attempts(services_.database, attempts_from_,
                                               services_.clock.now(), kAttemptsLookedAt);
  if (looked) {
    attempts_from_ = std::move(*looked);
  } else {
    services_.log.warning("old publish attempts not forgotten",
                          {{"reason", looked.error().detail}});
  }
  record_suppressed(audit::Suppressed::Which::of_past_windows);
  if (const auto ended = registry::expire_publishers(services_); !ended) {
    services_.log.warning("trusted publishers whose time is over not ended",
                          {{"reason", ended.error().detail}});
  }
  if (const auto expired = registry::expire_releases(services_); !expired) {
    services_.log.warning("expired staged releases not removed",
                          {{"reason", expired.error().detail}});
  }
  if (const auto tidied = registry::tidy_hooks(services_); !tidied) {
    services_.log.warning("deliveries of webhooks not forgotten",
                          {{"reason", tidied.error().detail}});
  }
}

}  // namespace imp::app
