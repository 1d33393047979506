#include "world.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <set>

#include "../publish/tarball_fixture.h"
#include "accounts/schema.h"
#include "accounts/totp.h"
#include "audit/log.h"
#include "hooks/hook.h"
#include "http/prepared.h"
#include "http/settled.h"
#include "mail/outbox.h"
#include "registry/api/operator/freeze_changes.h"
#include "registry/api/people/memberships.h"
#include "registry/api/routes.h"
#include "registry/api/staging/stage_expiry.h"
#include "registry/brakes/publish_limits.h"
#include "registry/packages/publish_switches.h"
#include "registry/packages/version_store.h"
#include "registry/provenance/attestations.h"
#include "registry/publish/ownership.h"
#include "registry/publish/unpublish.h"
#include "registry/staging/stage_policy.h"
#include "registry/staging/staged_release.h"
#include "registry/trust/issuer_table.h"
#include "registry/trust/providers/circleci/circleci.h"
#include "registry/trust/publisher.h"
#include "registry/trust/run_end.h"
#include "testissuer/routes.h"

namespace imp::registry::model {

namespace {

namespace json = boost::json;

constexpr std::string_view kIssuer = "imprimatur";

/// What cannot fail in a test's set-up.
template <class T>
T must(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "model: {} {}\n", result.error().message, result.error().detail);
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

std::vector<db::Migration> migrations() {
  std::vector<db::Migration> all = audit::migrations();
  for (const auto& more :
       {accounts::migrations(), package_migrations(), brake_migrations(), trust::migrations(),
        staging_migrations(), provenance_migrations(), hooks::migrations(), mail::migrations()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

const crypto::PrivateKey& registry_key() {
  static const auto key = crypto::PrivateKey::generate(crypto::KeyKind::p256);
  return key;
}

trust::Issuer own_issuer() {
  trust::Issuer issuer(trust::circleci());
  issuer.id = kIssuer;
  issuer.own = true;
  issuer.base_url = testissuer::test::kOrigin + "/circleci";
  return issuer;
}

std::string escaped(std::string_view name) { return must(PackageName::for_read(name)).escaped(); }

/// The body as text, of answers that are made on the spot.
std::string text_of_body(const http::Response& response) {
  const auto* text = std::get_if<std::string>(&response.body);
  return text ? *text : std::string();
}

/// Larger documents are sent from a file.
std::string bytes_of_file(const http::FileBody& file) {
  std::string bytes(file.size, '\0');
  const auto got =
      ::pread(*file.descriptor, bytes.data(), bytes.size(), static_cast<off_t>(file.offset));
  return got == static_cast<ssize_t>(bytes.size()) ? bytes : "cut short";
}

std::string text_at(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

/// What ends with a process.
struct World::Process {
  Process(World& world)
      : accounts({.database = world.process_database_,
                  .clock = world.clock,
                  .random = crypto::system_random(),
                  .sealer = world.sealer_,
                  .log = null_log(),
                  .metrics = world.metrics_,
                  .settings = {.public_url = "https://registry.example",
                               .password_cost = crypto::PasswordCost::minimal,
                               // Walks go on for years.
                               .login_token_lifetime = std::chrono::days(400'000)}}),
        reader(world.process_database_, world.blobs_, cache, "https://registry.example"),
        reviews(world.process_database_, world.blobs_),
        keys(world.client_, world.clock, null_log(), world.metrics_),
        evaluator(world.process_database_, issuers, keys, {"npm:localhost"}, world.clock),
        exchange(world.process_database_, evaluator, crypto::system_random(), world.clock,
                 null_log(), world.metrics_),
        recent(world.clock),
        refused(world.clock),
        services{.database = world.process_database_,
                 .blobs = world.blobs_,
                 .accounts = accounts,
                 .cache = cache,
                 .reader = reader,
                 .key = world.key_,
                 .issuers = issuers,
                 .exchange = exchange,
                 .recent_publishes = recent,
                 .refused_exchanges = refused,
                 .reviews = reviews,
                 .waiters = waiters,
                 .hooks = {world.sealer_, false},
                 .clock = world.clock,
                 .log = null_log(),
                 .metrics = world.metrics_,
                 .public_url = "https://registry.example",
                 .default_issuer = std::string(kIssuer),
                 .own_issuer = std::string(kIssuer),
                 .receive_limits = {},
                 .publish_limits = {.per_publisher = kMostPublishes}} {
    follow_memberships(services);
    add_registry_routes(router, services);
  }

  accounts::Accounts accounts;
  PackumentCache cache{std::size_t{4} << 20};
  PackageReader reader;
  Reviews reviews;
  trust::Issuers issuers{{own_issuer()}};
  trust::IssuerKeys keys;
  trust::Evaluator evaluator;
  trust::Exchange exchange;
  RecentPublishes recent;
  RefusedExchanges refused;
  http::Waiters waiters;
  RegistryServices services;
  http::Router router;
};

World::World(Time start)
    : clock(start),
      issuer_(testissuer::test::kOrigin, clock, Milliseconds(0)),
      store_(must(db::open_sqlite({.path = ":memory:"}))),
      process_database_(*store_),
      key_(registry_key()) {
  testissuer::add_test_issuer_routes(issuer_router_, issuer_);
  must(store_->migrate(migrations()));
  restart();
  for (const char* name : {"alice", "bob", "carol"}) tokens_[name] = add_person(name);
  for (const char* name : {"alice", "carol"}) enable_second_factor(name);
  add_packages();
}

World::~World() = default;

void World::restart() {
  process_.reset();
  process_database_.revive();
  process_ = std::make_unique<Process>(*this);
}

std::string World::add_person(const std::string& name) {
  auto& accounts = process_->accounts;
  const auto person = must(accounts.people.create(
      {.name = name, .email = name + "@example.test", .password = "correct horse battery"},
      accounts::Actor::system()));
  accounts::NewToken token;
  token.name = "test";
  token.kind = accounts::TokenKind::login;
  token.reach = accounts::full_reach();
  return must(accounts.tokens.create(person, token,
                                     {.person_id = person.id,
                                      .name = person.name,
                                      .via = "session:test",
                                      .address = "192.0.2.1",
                                      .request_id = "test",
                                      .in_browser = true}))
      .token;
}

void World::enable_second_factor(const std::string& name) {
  auto& accounts = process_->accounts;
  const auto person = must(store_->read([&](db::Session& session) -> Result<accounts::Person> {
    return *accounts::find_person_by_name(session, name);
  }));
  const accounts::Actor actor{.person_id = person.id,
                              .name = person.name,
                              .via = "session:test",
                              .address = "192.0.2.1",
                              .request_id = "test",
                              .in_browser = true};
  must(accounts.second_factors.begin_totp(person, actor));
  const auto sealed = must(store_->read([&](db::Session& session) -> Result<std::string> {
    return session.row("SELECT secret FROM accounts_totp WHERE person_id = :p1", {person.id})
        ->text(0);
  }));
  const std::string secret = must(sealer_.open(sealed, "totp/" + person.id));
  authenticators_[name].secret = Bytes(secret.begin(), secret.end());
  must(accounts.second_factors.confirm_totp(person, otp(name), actor));
}

std::string World::otp(const std::string& name) {
  Authenticator& it = authenticators_.at(name);
  // Each code counts once, and none from before the last: also when the clock was set back.
  clock.set(std::max(clock.now(), it.last_code) + std::chrono::seconds(accounts::kTotpStepSeconds));
  it.last_code = clock.now();
  return accounts::totp_code(it.secret, accounts::totp_step(clock.now()));
}

void World::add_packages() {
  for (const std::string_view name : {kPublishes, kStages}) {
    if (publish(tokens_.at("bob"), name, kFirst, "first").status != 201) std::abort();
    must(store_->write([&](db::Session& session) -> Result<void> {
      write_maintainers(session, package_id(session, name),
                        {{"alice", "alice@example.test"},
                         {"bob", "bob@example.test"},
                         {"carol", "carol@example.test"}});
      session.run("DELETE FROM recent_publish");  // a walk begins with nothing counted
      return {};
    }));
    trust(name);
  }
}

std::string World::package_id(db::Session& session, std::string_view package) {
  return find_package(session, package)->id;
}

void World::trust(std::string_view package) {
  const json::object claims{{"oidc.circleci.com/org-id", testissuer::kOrganization},
                            {"oidc.circleci.com/project-id", testissuer::kProject},
                            {"oidc.circleci.com/pipeline-definition-id", testissuer::kDefinition},
                            {"oidc.circleci.com/vcs-origin", "github.com/acme/widgets"}};
  const auto required =
      must(trust::RequiredClaims::parse(*trust::provider_of_type("circleci"), claims));
  const trust::Permissions permissions{package == kPublishes, true, false};
  const auto added =
      must(process_database_.write([&](db::Session& session) -> Result<trust::TrustedPublisher> {
        return trust::add_publisher(session, package_id(session, package),
                                    {required, permissions, std::string(kIssuer)}, "bob",
                                    clock.now());
      }));
  publishers_[std::string(package)] = added.id;
}

void World::distrust(std::string_view package) {
  must(process_database_.write([&](db::Session& session) -> Result<trust::TrustedPublisher> {
    return trust::remove_publisher(session, package_id(session, package),
                                   publishers_.find(package)->second, clock.now());
  }));
}

void World::freeze_issuer(bool frozen) {
  must(process_database_.write([&](db::Session& session) -> Result<void> {
    return trust::freeze_issuer(session, process_->issuers, kIssuer, frozen, clock.now());
  }));
}

void World::set_policy(std::string_view package, std::int64_t approvals, bool different_person,
                       Milliseconds cool_down) {
  must(process_database_.write([&](db::Session& session) -> Result<void> {
    change_policy(session, package_id(session, package),
                  {.approvals = approvals, .different_person = different_person, .group = {}},
                  "alice", clock.now(), cool_down);
    return {};
  }));
}

void World::turn_on(std::string_view package, std::string_view name) {
  must(process_database_.write([&](db::Session& session) -> Result<void> {
    registry::turn_on(session, package_id(session, package), *switch_from(name), "alice",
                      clock.now());
    return {};
  }));
}

void World::relax(std::string_view package, std::string_view name) {
  must(process_database_.write([&](db::Session& session) -> Result<void> {
    registry::relax(session, package_id(session, package), *switch_from(name), clock.now(),
                    kSwitchCoolDown);
    return {};
  }));
}

std::string World::identity_token(const std::string& job, const std::string& jti,
                                  bool right_project) {
  testissuer::TokenRequest request{.shape = testissuer::Shape::circleci};
  request.claims = {{"oidc.circleci.com/job-id", job},
                    {"oidc.circleci.com/workflow-id", job},  // a run of one job
                    {"jti", jti}};
  if (!right_project) {
    request.claims["oidc.circleci.com/project-id"] = "99999999-9999-4999-8999-999999999999";
  }
  return must(issuer_.token(request));
}

Answer World::ask(http::Method method, std::string target, const std::string& token,
                  std::string body, std::string otp) {
  http::Request request;
  request.method = method;
  request.target = std::move(target);
  // Each from somewhere else: what is written down of one address has a limit.
  ++asked_;
  request.remote_address =
      fmt::format("10.{}.{}.{}", asked_ >> 16 & 255, asked_ >> 8 & 255, asked_ & 255);
  request.secure = true;
  request.id = "request";
  request.received = clock.now();
  if (!token.empty()) request.headers.emplace_back("authorization", "Bearer " + token);
  if (!otp.empty()) request.headers.emplace_back("npm-otp", std::move(otp));
  const http::Router::Match match = process_->router.match(request);
  http::Response response;
  if (!match.route) {
    response = http::failure(match.refusal);
  } else if (match.route->handler) {
    request.body = std::move(body);
    response = http::settled(match.route->handler(request));
  } else if (auto sink = match.route->sink(request); !sink) {
    response = std::move(sink.error());
  } else {
    const auto written = (*sink)->write(bytes_of(body));
    response = written ? http::settled((*sink)->finish()) : http::failure(written.error());
  }
  Answer answer{response.status, {}, text_of_body(response)};
  if (const auto* prepared = std::get_if<std::shared_ptr<const http::Prepared>>(&response.body)) {
    const http::PreparedChoice choice = http::choose(**prepared, request);
    answer.status = choice.status;
    answer.body = choice.file ? bytes_of_file(*choice.file) : std::string(choice.body);
  }
  if (answer.status >= 400) {
    boost::system::error_code error;
    const json::value document = json::parse(answer.body, error);
    if (!error && document.is_object()) {
      const json::object& object = document.get_object();
      answer.code = text_at(object, "code");
      answer.explained = !answer.code.empty() && !text_at(object, "message").empty() &&
                         text_at(object, "message") == text_at(object, "error");
    }
  }
  return answer;
}

namespace {

std::string exchange_path(std::string_view package) {
  return "/-/npm/v1/oidc/token/exchange/package/" + escaped(package);
}

std::string document(std::string_view package, std::string_view version, std::string_view content) {
  const std::string manifest = json::serialize(json::object{
      {"name", package}, {"version", version}, {"description", "d"}, {"content", content}});
  return publish_document(package, version, package_tarball(manifest));
}

}  // namespace

Answer World::exchange(const std::string& identity_token, std::string_view package) {
  return ask(http::Method::post, exchange_path(package), identity_token);
}

Answer World::hand_back(const std::string& publish_token, std::string_view package) {
  return ask(http::Method::del, exchange_path(package), publish_token);
}

Answer World::publish(const std::string& token, std::string_view package, std::string_view version,
                      std::string_view content) {
  return ask(http::Method::put, "/" + escaped(package), token, document(package, version, content));
}

Answer World::stage(const std::string& token, std::string_view package, std::string_view version,
                    std::string_view content) {
  return ask(http::Method::post, "/-/stage/package/" + escaped(package), token,
             document(package, version, content));
}

Answer World::decide(http::Method method, const std::string& path, const std::string& person) {
  return ask(method, path, tokens_.at(person), {}, otp(person));
}

Answer World::approve(const std::string& stage_id, const std::string& person) {
  return decide(http::Method::post, "/-/stage/" + stage_id + "/approve", person);
}

Answer World::reject(const std::string& stage_id, const std::string& person) {
  return decide(http::Method::del, "/-/stage/" + stage_id, person);
}

Answer World::withdraw(const std::string& token, const std::string& stage_id) {
  return ask(http::Method::post, "/-/stage/" + stage_id + "/withdraw", token);
}

std::string World::unpublish(std::string_view package, std::string_view version) {
  const auto done = process_database_.write([&](db::Session& session) -> Result<Changed> {
    Caller caller;
    caller.person = "bob";
    return unpublish_versions(session, must(PackageName::for_read(package)), {std::string(version)},
                              caller, clock.now());
  });
  if (!done) return std::string(done.error().code());
  process_->cache.invalidate(std::string(package), done->package.revision);
  return "ok";
}

std::string World::freeze(std::string_view package) {
  const auto done = process_database_.write([&](db::Session& session) {
    audit::Record record;
    record.at = clock.now();
    record.actor = "system";
    return registry::freeze(session, must(FreezeTarget::package(package)), "A reason.", "system",
                            std::move(record));
  });
  return done ? "ok" : std::string(done.error().code());
}

std::string World::unfreeze(std::string_view package) {
  const auto done = process_database_.write([&](db::Session& session) -> Result<Freeze> {
    audit::Record record;
    record.at = clock.now();
    record.actor = "system";
    const auto found = freeze_of(session, must(PackageName::for_read(package)));
    return registry::unfreeze(session, found ? found->id : "", std::move(record));
  });
  return done ? "ok" : std::string(done.error().code());
}

void World::end_run(const std::string& job) {
  must(process_database_.write([&](db::Session& session) -> Result<void> {
    trust::end_run(session, kIssuer, job, clock.now());
    return {};
  }));
}

void World::tidy() {
  must(process_database_.write([&](db::Session& session) -> Result<void> {
    trust::forget_expired(session, clock.now());
    forget_publishes(session, clock.now());
    return {};
  }));
  must(expire_releases(process_->services));
}

std::int64_t World::number(std::string_view sql, std::vector<db::Value> parameters) {
  return must(store_->read([&](db::Session& session) -> Result<std::int64_t> {
    return session.row(sql, parameters)->integer(0);
  }));
}

std::string World::staged_id(std::string_view package, std::string_view version) {
  return must(store_->read([&](db::Session& session) -> Result<std::string> {
    const auto row =
        session.row("SELECT id FROM staged_release WHERE package_name = :p1 AND version = :p2",
                    {std::string(package), std::string(version)});
    return row ? row->text(0) : std::string();
  }));
}

std::map<std::string, std::string> World::versions() {
  return must(store_->read([&](db::Session& session) -> Result<std::map<std::string, std::string>> {
    std::map<std::string, std::string> all;
    for (const db::Row& row :
         session.rows("SELECT p.name, v.version, v.state, COALESCE(s.sha512, v.sha512) "
                      "FROM package_version v JOIN package p ON p.id = v.package_id "
                      "LEFT JOIN staged_release s ON s.package_id = v.package_id AND s.version = "
                      "v.version")) {
      all[row.text(0) + "@" + row.text(1)] = row.text(2) + " " + row.text(3);
    }
    return all;
  }));
}

std::map<std::string, std::int64_t> World::spent_tokens() {
  using Counts = std::map<std::string, std::int64_t>;
  return must(store_->read([&](db::Session& session) -> Result<Counts> {
    Counts all;
    for (const db::Row& row :
         session.rows("SELECT package_name, spent_on, COUNT(*) FROM publish_token WHERE spent_on "
                      "<> '' GROUP BY package_name, spent_on")) {
      all[row.text(0) + "@" + row.text(1)] = row.integer(2);
    }
    return all;
  }));
}

std::string World::readable(std::string_view package) {
  const Answer answer = ask(http::Method::get, "/" + escaped(package), "");
  boost::system::error_code error;
  const json::value document = json::parse(answer.body, error);
  if (error || !document.is_object()) return fmt::format("{} {}", answer.status, answer.body);
  std::set<std::string> names;
  for (const auto& member : document.at("versions").as_object()) names.emplace(member.key());
  return fmt::format("{}", fmt::join(names, " "));
}

}  // namespace imp::registry::model
