// The bodies of requests that change trust and staging, sent to a whole registry as its maintainer
// and administrator, who gives no second factor: whatever is in them is refused with a reason, or
// is well formed and waits for the code. Nothing changes, and nothing fails inside. The first byte
// chooses the request.

#include <array>
#include <boost/json.hpp>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/accounts.h"
#include "accounts/schema.h"
#include "audit/log.h"
#include "base/log.h"
#include "base/metrics.h"
#include "blobs/memory_store.h"
#include "crypto/sealing.h"
#include "hooks/hook.h"
#include "http/router.h"
#include "http/waiters.h"
#include "registry/api/packages/recent_publishes.h"
#include "registry/api/routes.h"
#include "registry/api/services.h"
#include "registry/brakes/freeze.h"
#include "registry/packages/store.h"
#include "registry/provenance/attestations.h"
#include "registry/staging/staged_release.h"
#include "testissuer/test_issuer.h"

namespace {

using namespace imp;
using namespace imp::registry;

template <class T>
T must(Result<T> result) {
  if (!result) std::abort();
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// Nobody is called: no exchange comes so far.
struct NoClient final : http::Client {
  Result<http::Fetched> fetch(const http::Fetch&) override {
    return refuse(http::FetchRefusal::unreachable, "There is no network here.");
  }
};

struct Registry {
  Registry() {
    std::vector<db::Migration> all = audit::migrations();
    for (const auto& more :
         {accounts::migrations(), package_migrations(), brake_migrations(), trust::migrations(),
          staging_migrations(), provenance_migrations(), hooks::migrations()}) {
      all.insert(all.end(), more.begin(), more.end());
    }
    must(database->migrate(all));
    accounts = std::make_unique<accounts::Accounts>(
        accounts::Services{.database = *database,
                           .clock = clock,
                           .random = crypto::system_random(),
                           .sealer = sealer,
                           .log = null_log(),
                           .metrics = metrics,
                           .settings = {.public_url = "https://registry.example",
                                        .password_cost = crypto::PasswordCost::minimal}});
    services = std::make_unique<RegistryServices>(
        RegistryServices{.database = *database,
                         .blobs = blobs,
                         .accounts = *accounts,
                         .cache = cache,
                         .reader = reader,
                         .key = key,
                         .issuers = issuers,
                         .exchange = exchange,
                         .recent_publishes = recent,
                         .refused_exchanges = refused,
                         .reviews = reviews,
                         .waiters = waiters,
                         .hooks = {sealer, false},
                         .clock = clock,
                         .log = null_log(),
                         .metrics = metrics,
                         .public_url = "https://registry.example",
                         .default_issuer = "circleci",
                         .own_issuer = "",
                         .receive_limits = {}});
    add_registry_routes(router, *services);
    add_maintainer();
  }

  void add_maintainer() {
    const auto person = must(accounts->people.create({.name = "alice",
                                                      .email = "alice@example.test",
                                                      .password = "correct horse battery",
                                                      .is_admin = true},
                                                     accounts::Actor::system()));
    accounts::NewToken wanted;
    wanted.name = "fuzz";
    wanted.kind = accounts::TokenKind::login;
    wanted.reach = accounts::full_reach();
    token = must(accounts->tokens.create(person, wanted,
                                         {.person_id = person.id,
                                          .name = person.name,
                                          .via = "session:fuzz",
                                          .address = "192.0.2.1",
                                          .request_id = "fuzz",
                                          .in_browser = true}))
                .token;
    must(database->write([&](db::Session& session) -> Result<void> {
      const Package package = create_package(session, must(PackageName::for_new("@alice/lib")),
                                             std::nullopt, Access::open, clock.now());
      write_maintainers(session, package.id, {{"alice", "alice@example.test"}});
      return {};
    }));
  }

  http::Response ask(http::Method method, const char* target, std::string_view body) {
    http::Request request;
    request.method = method;
    request.target = target;
    request.body = body;
    request.secure = true;
    request.id = "fuzz";
    request.remote_address = "192.0.2.1";
    request.received = clock.now();
    request.headers.emplace_back("authorization", "Bearer " + token);
    const auto match = router.match(request);
    if (!match.route || !match.route->handler) std::abort();
    return match.route->handler(request);
  }
  std::int64_t rows() {
    return must(database->read([](db::Session& session) -> Result<std::int64_t> {
      return session
          .row(
              "SELECT (SELECT COUNT(*) FROM trusted_publisher) + (SELECT COUNT(*) FROM "
              "trusted_issuer) + (SELECT COUNT(*) FROM hook) + (SELECT COUNT(*) FROM "
              "publish_switch) + (SELECT COUNT(*) FROM stage_policy)")
          ->integer(0);
    }));
  }

  ManualClock clock{Time(std::chrono::seconds(1'800'000'000))};
  crypto::Sealer sealer{Bytes(32, 7)};
  Metrics metrics;
  NoClient client;
  std::unique_ptr<db::Database> database = must(db::open_sqlite({.path = ":memory:"}));
  blobs::MemoryStore blobs;
  std::unique_ptr<accounts::Accounts> accounts;
  RegistryKey key{crypto::PrivateKey::generate(crypto::KeyKind::p256)};
  PackumentCache cache{std::size_t{1} << 20};
  PackageReader reader{*database, blobs, cache, "https://registry.example"};
  Reviews reviews{*database, blobs};
  trust::Issuers issuers{{[] {
    trust::Issuer issuer(*trust::provider_of_type("circleci"));
    issuer.id = "circleci";
    issuer.base_url = "https://ci.example";
    return issuer;
  }()}};
  trust::IssuerKeys keys{client, clock, null_log(), metrics};
  trust::Evaluator evaluator{*database, issuers, keys, {"npm:registry.example"}, clock};
  trust::Exchange exchange{*database, evaluator,  crypto::system_random(),
                           clock,     null_log(), metrics};
  RecentPublishes recent{clock};
  RefusedExchanges refused{clock};
  http::Waiters waiters;
  std::unique_ptr<RegistryServices> services;
  http::Router router;
  std::string token;
};

struct Target {
  http::Method method;
  const char* path;
};
constexpr std::array kTargets = {
    Target{http::Method::post, "/-/package/@alice%2flib/trust"},
    Target{http::Method::put, "/-/package/@alice%2flib/stage-policy"},
    Target{http::Method::put, "/-/package/@alice%2flib/publish-switches"},
    Target{http::Method::post, "/-/package/@alice%2flib/hooks"},
    Target{http::Method::post, "/-/package/@alice%2flib/trust/check"},
    Target{http::Method::put, "/-/trust/publishers"},
    Target{http::Method::post, "/-/trust/issuers"},
    Target{http::Method::post, "/-/freezes"},
};

void check(const http::Response& response) {
  if (response.status >= 500) std::abort();
  if (response.status < 400) return;  // a check, or a plan, which change nothing
  const auto* body = std::get_if<std::string>(&response.body);
  if (!body) std::abort();
  const auto document = boost::json::parse(*body).as_object();
  if (document.at("error") != document.at("message") ||
      document.at("message").as_string().empty() || document.at("code").as_string().empty()) {
    std::abort();
  }
}

void check_token_request(std::string_view text) {
  const auto request = testissuer::TokenRequest::parse(text);
  if (!request) return;
  const auto again = testissuer::TokenRequest::parse(boost::json::serialize(request->to_json()));
  if (!again || again->to_json() != request->to_json()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static Registry registry;
  static const std::int64_t rows = registry.rows();
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t chosen = data[0] % (kTargets.size() + 1);
  if (chosen == kTargets.size()) {
    check_token_request(body);
    return 0;
  }
  check(registry.ask(kTargets[chosen].method, kTargets[chosen].path, body));
  if (registry.rows() != rows) std::abort();
  return 0;
}
