#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "accounts/accounts.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "blobs/store.h"
#include "crypto/sealing.h"
#include "db/database.h"
#include "http/waiters.h"
#include "registry/api/packages/recent_publishes.h"
#include "registry/api/staging/stage_feed.h"
#include "registry/api/trust/refused_exchanges.h"
#include "registry/brakes/publish_limits.h"
#include "registry/packages/package_reader.h"
#include "registry/packages/packument_cache.h"
#include "registry/packages/registry_key.h"
#include "registry/publish/publish_receiver.h"
#include "registry/staging/release_review.h"
#include "registry/trust/exchange.h"
#include "registry/trust/issuer.h"
#include "sigstore/trusted_root.h"

namespace imp::registry {

/// What webhooks are set up with.
struct HookSettings {
  const crypto::Sealer& sealer;    ///< for their secrets
  bool private_addresses = false;  ///< the operator lets them go to private addresses
};

/// Everything that the registry's endpoints work with; made once by the app, outlives the server.
struct RegistryServices {
  db::Database& database;
  blobs::Store& blobs;
  accounts::Accounts& accounts;
  PackumentCache& cache;
  PackageReader& reader;
  const RegistryKey& key;
  const trust::Issuers& issuers;
  trust::Exchange& exchange;
  RecentPublishes& recent_publishes;
  RefusedExchanges& refused_exchanges;
  Reviews& reviews;
  http::Waiters& waiters;
  HookSettings hooks;
  const Clock& clock;
  Log& log;
  Metrics& metrics;
  std::string public_url;      ///< without a trailing slash
  std::string default_issuer;  ///< Issuer::id for organisations that are not this server's own
  std::string own_issuer;      ///< Issuer::id of the built-in issuer; empty when there is none
  ReceiveLimits receive_limits;
  PublishLimits publish_limits = {};
  /// Whom to believe in Sigstore bundles that come with a version; nothing: nobody.
  std::optional<sigstore::TrustedRoot> trusted_root = {};
  trust::PublisherRules publisher_rules = {};
  /// How long a publish switch stays in force after it was relaxed.
  Milliseconds switch_cool_down = std::chrono::hours(24);
  std::shared_ptr<StageFeed> stage_feed = std::make_shared<StageFeed>();
};

}  // namespace imp::registry
