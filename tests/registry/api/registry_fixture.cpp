#include "registry/api/registry_fixture.h"

#include <unistd.h>

#include "accounts/schema.h"
#include "accounts/totp.h"
#include "audit/log.h"
#include "hooks/hook.h"
#include "http/prepared.h"
#include "http/settled.h"
#include "mail/outbox.h"
#include "registry/api/news/publisher_news.h"
#include "registry/api/people/memberships.h"
#include "registry/api/refusals.h"
#include "registry/api/routes.h"
#include "registry/provenance/attestations.h"
#include "registry/staging/staged_release.h"

namespace imp::registry::test {

namespace {

std::unique_ptr<db::Database> open_database(std::string path) {
  auto opened = db::open_sqlite({.path = std::move(path)});
  if (!opened) {
    ADD_FAILURE() << opened.error().message;
    std::abort();
  }
  std::vector<db::Migration> all = audit::migrations();
  for (auto& more :
       {accounts::migrations(), package_migrations(), brake_migrations(), trust::migrations(),
        staging_migrations(), provenance_migrations(), hooks::migrations(), mail::migrations()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  const auto migrated = (*opened)->migrate(all);
  if (!migrated) ADD_FAILURE() << migrated.error().detail;
  return std::move(*opened);
}

const crypto::PrivateKey& signing_key() {
  static const auto key = crypto::PrivateKey::generate(crypto::KeyKind::p256);
  return key;
}

accounts::Actor actor(const accounts::Person& person) {
  return {.person_id = person.id,
          .name = person.name,
          .is_admin = person.is_admin,
          .via = "session:test",
          .address = "192.0.2.1",
          .request_id = "test",
          .in_browser = true};
}

std::string bytes_of_file(const http::FileBody& file) {
  std::string bytes(file.size, '\0');
  const auto got =
      ::pread(*file.descriptor, bytes.data(), bytes.size(), static_cast<off_t>(file.offset));
  EXPECT_EQ(got, static_cast<ssize_t>(bytes.size()));
  return bytes;
}

/// Those of a prepared head, after the status line.
void add_headers(http::Headers& headers, std::string_view head) {
  while (true) {
    head.remove_prefix(head.find("\r\n") + 2);
    const std::string_view line = head.substr(0, head.find("\r\n"));
    if (line.empty()) return;
    const std::size_t colon = line.find(": ");
    headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
}

Answer answer_of(const http::Response& response, const http::Request& request) {
  Answer answer{response.status, response.headers, {}};
  if (const auto* wait = std::get_if<http::WaitFor>(&response.body)) answer.waits_for = wait->topic;
  if (const auto* text = std::get_if<std::string>(&response.body)) answer.body = *text;
  if (const auto* file = std::get_if<http::FileBody>(&response.body)) {
    answer.body = bytes_of_file(*file);
  }
  if (const auto* prepared = std::get_if<std::shared_ptr<const http::Prepared>>(&response.body)) {
    const http::PreparedChoice choice = http::choose(**prepared, request);
    answer.status = choice.status;
    answer.body = choice.file ? bytes_of_file(*choice.file) : std::string(choice.body);
    add_headers(answer.headers, *choice.head);
  }
  return answer;
}

}  // namespace

std::string exchange_path(std::string_view name) {
  return "/-/npm/v1/oidc/token/exchange/package/" + PackageName::for_read(name).value().escaped();
}

std::string Answer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (http::equal_ignoring_case(key, name)) return value;
  }
  return {};
}

std::string Answer::text(std::string_view member) const {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  const json::value* found =
      !error && value.is_object() ? value.as_object().if_contains(member) : nullptr;
  return found && found->is_string() ? std::string(found->as_string()) : std::string();
}

std::string Answer::outcome() const {
  const std::string code = text("code");
  return std::to_string(status) + " " + (status < 400 ? "ok" : code);
}

RegistryTest::RegistryTest(std::string database)
    : database_(open_database(std::move(database))), key_(signing_key()) {
  accounts_ = std::make_unique<accounts::Accounts>(
      accounts::Services{.database = *database_,
                         .clock = clock_,
                         .random = crypto::system_random(),
                         .sealer = sealer_,
                         .log = null_log(),
                         .metrics = metrics_,
                         .settings = {.public_url = std::string(kPublicUrl),
                                      .password_cost = crypto::PasswordCost::minimal}});
  reader_ = std::make_unique<PackageReader>(*database_, blobs_, cache_, std::string(kPublicUrl));
  reviews_ = std::make_unique<Reviews>(*database_, blobs_);
  issuer_keys_ = std::make_unique<trust::IssuerKeys>(remote_, clock_, null_log(), metrics_);
  evaluator_ = std::make_unique<trust::Evaluator>(*database_, issuers_, *issuer_keys_,
                                                  std::vector{trust::test::kAudience}, clock_);
  exchange_ = std::make_unique<trust::Exchange>(*database_, *evaluator_, crypto::system_random(),
                                                exchange_clock_, null_log(), metrics_,
                                                tell_of_learning(issuers_));
  services_ = std::make_unique<RegistryServices>(services_at(clock_));
  follow_memberships(*services_);
  complete_suppressed_refusals(*services_);
  add_registry_routes(router_, *services_);
}

RegistryTest::~RegistryTest() = default;

RegistryServices RegistryTest::services_at(const Clock& clock) {
  return {.database = *database_,
          .blobs = blobs_,
          .accounts = *accounts_,
          .cache = cache_,
          .reader = *reader_,
          .key = key_,
          .issuers = issuers_,
          .exchange = *exchange_,
          .recent_publishes = recent_publishes_,
          .refused_exchanges = refused_exchanges_,
          .reviews = *reviews_,
          .waiters = waiters_,
          .hooks = {sealer_, false},
          .clock = clock,
          .log = null_log(),
          .metrics = metrics_,
          .public_url = std::string(kPublicUrl),
          .default_issuer = "circleci",
          .own_issuer = "imprimatur",
          .receive_limits = {}};
}

User RegistryTest::add_user(const std::string& name, bool second_factor) {
  auto created = accounts_->people.create(
      {.name = name, .email = name + "@example.test", .password = std::string(kPassword)},
      accounts::Actor::system());
  if (!created) ADD_FAILURE() << created.error().message;
  accounts::NewToken token;
  token.name = "test";
  token.kind = accounts::TokenKind::login;
  token.reach = accounts::full_reach();
  auto minted = accounts_->tokens.create(*created, token, actor(*created));
  if (!minted) ADD_FAILURE() << minted.error().message;
  User user{*created, minted->token, {}};
  if (second_factor) enable_second_factor(user);
  return user;
}

void RegistryTest::enable_second_factor(User& user) {
  const auto setup = accounts_->second_factors.begin_totp(user.person, actor(user.person));
  if (!setup) ADD_FAILURE() << setup.error().message;
  const auto sealed = database_->read([&](db::Session& session) -> Result<std::string> {
    return session.row("SELECT secret FROM accounts_totp WHERE person_id = :p1", {user.person.id})
        ->text(0);
  });
  const std::string secret = sealer_.open(*sealed, "totp/" + user.person.id).value();
  user.secret = Bytes(secret.begin(), secret.end());
  const auto codes =
      accounts_->second_factors.confirm_totp(user.person, otp(user), actor(user.person));
  if (!codes) ADD_FAILURE() << codes.error().message;
}

std::string RegistryTest::otp(const User& user) {
  clock_.advance(std::chrono::seconds(accounts::kTotpStepSeconds));
  return accounts::totp_code(user.secret, accounts::totp_step(clock_.now()));
}

accounts::Organization RegistryTest::add_organization(const std::string& name,
                                                      const User& founder) {
  auto created =
      accounts_->organizations.create({.name = name}, founder.person, actor(founder.person));
  if (!created) ADD_FAILURE() << created.error().message;
  return created.value();
}

void RegistryTest::set_member(const accounts::Organization& organization, const User& user,
                              std::optional<accounts::Role> role) {
  if (role) {
    EXPECT_TRUE(accounts_->organizations.set_member(organization, user.person, *role,
                                                    accounts::Actor::system()));
  } else {
    EXPECT_TRUE(accounts_->organizations.remove_member(organization, user.person,
                                                       accounts::Actor::system()));
  }
}

std::string RegistryTest::granular_token(const User& user, accounts::NewToken token) {
  if (token.name.empty()) token.name = "granular";
  auto minted = accounts_->tokens.create(user.person, token, actor(user.person));
  if (!minted) ADD_FAILURE() << minted.error().message;
  return minted->token;
}

Answer RegistryTest::ask(const Ask& ask) {
  http::Request request;
  request.method = ask.method;
  request.target = ask.target;
  request.headers = ask.headers;
  request.remote_address = ask.address;
  request.secure = true;
  request.id = "request-1";
  request.received = clock_.now();
  request.wait_expired = ask.wait_expired;
  if (!ask.token.empty()) request.headers.emplace_back("authorization", "Bearer " + ask.token);
  if (!ask.otp.empty()) request.headers.emplace_back("npm-otp", ask.otp);
  const http::Router::Match match = router_.match(request);
  if (!match.route) return answer_of(http::failure(match.refusal), request);
  if (match.route->handler) {
    request.body = ask.body;
    return answer_of(http::settled(match.route->handler(request)), request);
  }
  auto sink = match.route->sink(request);
  if (!sink) return answer_of(std::move(sink.error()), request);
  const std::size_t piece = ask.body.size() / 2 + 1;
  for (std::size_t at = 0; at < ask.body.size(); at += piece) {
    if (at > 0 && ask.meanwhile) ask.meanwhile();
    const auto written = (*sink)->write(bytes_of(std::string_view(ask.body).substr(at, piece)));
    if (!written) return answer_of(http::failure(written.error()), request);
  }
  return answer_of(http::settled((*sink)->finish()), request);
}

Answer RegistryTest::get(std::string target, std::string token) {
  return ask({.target = std::move(target), .token = std::move(token)});
}

std::string RegistryTest::document(std::string_view name, std::string_view version,
                                   const DocumentOptions& options) {
  const std::string manifest =
      json::serialize(json::object{{"name", name}, {"version", version}, {"description", "d"}});
  return publish_document(name, version, package_tarball(manifest), options);
}

Answer RegistryTest::publish(const std::string& token, std::string_view name,
                             std::string_view version, std::string otp,
                             const DocumentOptions& options) {
  return ask({.method = Method::put,
              .target = "/" + PackageName::for_read(name).value().escaped(),
              .token = token,
              .otp = std::move(otp),
              .body = document(name, version, options)});
}

Answer RegistryTest::stage(const std::string& token, std::string_view name,
                           std::string_view version, const DocumentOptions& options) {
  return ask({.method = Method::post,
              .target = "/-/stage/package/" + PackageName::for_read(name).value().escaped(),
              .token = token,
              .body = document(name, version, options)});
}

std::string RegistryTest::identity_token(std::string_view claim, std::string_view json_text) {
  const std::int64_t now = to_milliseconds(clock_.now()) / 1000;
  json::object claims = trust::test::job_claims();
  claims["iat"] = now;
  claims["exp"] = now + 3600;
  claims["jti"] = "job-" + std::to_string(++jobs_);
  if (!claim.empty()) claims = trust::test::changed(claims, claim, json_text);
  return trust::test::signed_token(claims);
}

Answer RegistryTest::exchange(const std::string& identity_token, std::string_view name) {
  return ask({.method = Method::post, .target = exchange_path(name), .token = identity_token});
}

std::string RegistryTest::trust_job(std::string_view name, trust::Permissions permissions) {
  const auto claims = trust::test::required(trust::test::publisher_claims()).value();
  const auto added = write([&](db::Session& session) -> Result<trust::TrustedPublisher> {
    return trust::add_publisher(session, find_package(session, name)->id,
                                {claims, permissions, "circleci"}, "alice", clock_.now());
  });
  if (!added) ADD_FAILURE() << added.error().message;
  return added->id;
}

void RegistryTest::distrust(std::string_view name, const std::string& publisher_id) {
  const auto removed = write([&](db::Session& session) -> Result<trust::TrustedPublisher> {
    return trust::remove_publisher(session, find_package(session, name)->id, publisher_id,
                                   clock_.now());
  });
  EXPECT_TRUE(removed) << removed.error().message;
}

std::string RegistryTest::publish_token(std::string_view name) {
  const Answer answer = exchange(identity_token(), name);
  EXPECT_EQ(answer.status, 201) << answer.body;
  return answer.text("token");
}

std::int64_t RegistryTest::count(std::string_view sql, std::vector<db::Value> parameters) {
  return database_
      ->read([&](db::Session& session) -> Result<std::int64_t> {
        return session.row(sql, parameters)->integer(0);
      })
      .value();
}

std::vector<std::string> RegistryTest::audited(std::string_view action_prefix,
                                               std::string organization) {
  const auto page = audit::list(*database_, {.action_prefix = std::string(action_prefix),
                                             .organization = std::move(organization),
                                             .limit = 1000})
                        .value();
  std::vector<std::string> lines;
  for (const audit::Entry& entry : page.entries) {
    lines.insert(lines.begin(), entry.record.action + " " + entry.record.outcome);
  }
  return lines;
}

json::object RegistryTest::audit_detail(std::string_view action) {
  const auto page =
      audit::list(*database_, {.action_prefix = std::string(action), .limit = 1}).value();
  return page.entries.empty() ? json::object() : page.entries.front().record.detail;
}

std::vector<trust::Attempt> RegistryTest::attempts(std::string_view name) {
  return database_
      ->read([&](db::Session& session) -> Result<std::vector<trust::Attempt>> {
        auto all = trust::attempts_of(session, name, 1000);
        std::erase_if(all, [](const auto& one) { return one.actor.starts_with("user:"); });
        return all;
      })
      .value();
}

}  // namespace imp::registry::test
