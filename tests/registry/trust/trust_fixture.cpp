#include "trust_fixture.h"

#include "accounts/schema.h"
#include "audit/log.h"
#include "jose/jwks.h"
#include "jose/sign.h"

namespace imp::trust::test {

json::object changed(json::object object, std::string_view member, std::string_view json_text) {
  object.erase(member);
  if (!json_text.empty()) {
    object[member] = json::parse(json::string_view(json_text.data(), json_text.size()));
  }
  return object;
}

std::string json_string(std::string_view text) { return json::serialize(json::value(text)); }

void expect_parsed(const Provider& provider, const json::object& publisher, const Outcome& it) {
  const auto parsed = RequiredClaims::parse(provider, changed(publisher, it.claim, it.json_text));
  EXPECT_EQ(code_of(parsed), it.outcome);
  if (!parsed) EXPECT_TRUE(parsed.error().message.contains(it.claim)) << parsed.error().message;
}

Comparison expect_compared(const RequiredClaims& expected, const json::object& job,
                           const Received& it) {
  Comparison comparison = compare(expected, changed(job, it.claim, it.json_text));
  EXPECT_EQ(comparison.agreed(), it.agreed);
  EXPECT_EQ(comparison.first_mismatch() == nullptr, it.agreed);
  EXPECT_EQ(comparison.same_project(), it.same_project);
  return comparison;
}

json::object job_claims() {
  return {{"iss", organization_issuer()},
          {"sub", "org/" + kOrganization + "/project/" + kProject + "/user/u"},
          {"aud", kAudience},
          {"iat", kIssuedAt},
          {"exp", kIssuedAt + 3600},
          {"jti", "7c9e6679-7425-40de-944b-e07fc1f90ae7"},
          {claim("org-id"), kOrganization},
          {claim("project-id"), kProject},
          {claim("pipeline-definition-id"), kDefinition},
          {claim("pipeline-id"), kOther},
          {claim("vcs-origin"), kOrigin},
          {claim("vcs-ref"), "refs/heads/main"},
          {claim("context-ids"), {kContextA, kContextB}},
          {claim("ssh-rerun"), false}};
}

json::object github_job() {
  return {{"iss", kGitHub},
          {"sub", "repo:acme/widgets:ref:refs/heads/main"},
          {"aud", kAudience},
          {"iat", kIssuedAt},
          {"exp", kIssuedAt + 300},
          {"jti", "1e9e6679-7425-40de-944b-e07fc1f90ae7"},
          {"repository", "acme/widgets"},
          {"repository_owner", "acme"},
          {"repository_id", "1001"},
          {"repository_owner_id", "77"},
          {"workflow_ref", "acme/widgets/.github/workflows/release.yml@refs/heads/main"},
          {"job_workflow_ref", "acme/shared/.github/workflows/publish.yml@refs/tags/v1"},
          {"ref", "refs/heads/main"},
          {"event_name", "push"},
          {"environment", "npm"},
          {"runner_environment", "github-hosted"},
          {"run_id", "42"}};
}

json::object github_publisher() {
  return {{"repository", "acme/widgets"}, {"workflow_ref", {{"file", "release.yml"}}}};
}

json::object gitlab_job() {
  return {{"iss", kGitLab},
          {"sub", "project_path:acme/tools/widgets:ref_type:branch:ref:main"},
          {"aud", kAudience},
          {"iat", kIssuedAt},
          {"exp", kIssuedAt + 3600},
          {"jti", "2e9e6679-7425-40de-944b-e07fc1f90ae7"},
          {"project_path", "acme/tools/widgets"},
          {"namespace_path", "acme/tools"},
          {"project_id", "1001"},
          {"namespace_id", "77"},
          {"ci_config_ref_uri", "gitlab.com/acme/tools/widgets//.gitlab-ci.yml@refs/heads/main"},
          {"ref", "main"},
          {"ref_path", "refs/heads/main"},
          {"pipeline_source", "push"},
          {"environment", "npm"},
          {"runner_environment", "gitlab-hosted"},
          {"pipeline_id", "42"}};
}

json::object gitlab_publisher() {
  return {{"project_path", "acme/tools/widgets"},
          {"ci_config_ref_uri", {{"file", ".gitlab-ci.yml"}}}};
}

json::object publisher_claims(const std::vector<std::string>& contexts) {
  json::object claims{{claim("org-id"), kOrganization},
                      {claim("project-id"), kProject},
                      {claim("pipeline-definition-id"), kDefinition},
                      {claim("vcs-origin"), kOrigin}};
  if (!contexts.empty()) claims[claim("context-ids")] = json::value_from(contexts);
  return claims;
}

std::string signed_token(const json::object& claims, const crypto::PrivateKey& key,
                         std::string_view key_id) {
  return jose::sign(claims, key, key_id);
}

std::string token_with(std::string_view claim_name, std::string_view json_text) {
  return signed_token(changed(job_claims(), claim_name, json_text));
}

std::string token_numbered(int number) {
  return token_with("jti", json_string("job-" + std::to_string(number)));
}

Issuers test_issuers() {
  Issuer own(circleci());
  own.id = "imprimatur";
  own.own = true;
  own.base_url = "https://registry.example/oidc";
  std::vector<Issuer> all{own};
  for (const auto& [type, url] :
       {std::pair("circleci", kBase), {"github", kGitHub}, {"gitlab", kGitLab}}) {
    Issuer issuer(*provider_of_type(type));
    issuer.id = type;
    issuer.base_url = url;
    all.push_back(std::move(issuer));
  }
  return Issuers(std::move(all));
}

std::string jwks_of(const std::vector<std::pair<std::string, crypto::PublicKey>>& keys) {
  std::vector<jose::PublishedKey> published;
  for (const auto& [id, key] : keys) published.push_back({id, key});
  return jose::to_jwks(published);
}

http::Fetched json_answer(std::string body, int status) {
  return {
      .status = status, .headers = {{"content-type", "application/json"}}, .body = std::move(body)};
}

std::string FakeIssuers::default_keys() {
  return jwks_of({{"r", jose::test::rsa_key().public_key()}});
}

Result<http::Fetched> FakeIssuers::fetch(const http::Fetch& request) {
  Answer answer;
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(request);
    answer = answer_;
  }
  return answer ? answer(request) : healthy(request);
}

Result<http::Fetched> FakeIssuers::healthy(const http::Fetch& request) {
  constexpr std::string_view discovery = "/.well-known/openid-configuration";
  const std::lock_guard lock(mutex_);
  if (request.url.ends_with(discovery)) {
    const std::string issuer = request.url.substr(0, request.url.size() - discovery.size());
    return json_answer(json::serialize(
        json::object{{"issuer", issuer}, {"jwks_uri", issuer + "/.well-known/jwks-pub.json"}}));
  }
  http::Fetched keys = json_answer(jwks_);
  if (!cache_control_.empty()) keys.headers.emplace_back("cache-control", cache_control_);
  return keys;
}

void FakeIssuers::answer(Answer answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
}

void FakeIssuers::publish_keys(std::string jwks) {
  const std::lock_guard lock(mutex_);
  jwks_ = std::move(jwks);
}

void FakeIssuers::state_cache_control(std::string value) {
  const std::lock_guard lock(mutex_);
  cache_control_ = std::move(value);
}

int FakeIssuers::fetches() const { return fetches_of(""); }

int FakeIssuers::fetches_of(std::string_view part_of_url) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::ranges::count_if(
      asked_, [&](const http::Fetch& fetch) { return fetch.url.contains(part_of_url); }));
}

http::Fetch FakeIssuers::last() const {
  const std::lock_guard lock(mutex_);
  return asked_.back();
}

TrustTest::TrustTest() {
  open();
  std::vector<db::Migration> all = audit::migrations();
  for (auto& migration : accounts::migrations()) all.push_back(std::move(migration));
  for (auto& migration : registry::package_migrations()) all.push_back(std::move(migration));
  for (auto& migration : registry::brake_migrations()) all.push_back(std::move(migration));
  for (auto& migration : migrations()) all.push_back(std::move(migration));
  const auto migrated = database->migrate(all);
  if (!migrated) ADD_FAILURE() << migrated.error().message << migrated.error().detail;
  package = add_package("@acme/widget");
}

void TrustTest::open() {
  database.reset();
  auto opened = db::open_sqlite({.path = directory.file("trust.db")});
  if (!opened) {
    ADD_FAILURE() << opened.error().message;
    std::abort();
  }
  database = std::move(*opened);
}

registry::Package TrustTest::add_package(std::string_view name) {
  return write([&](db::Session& session) -> Result<registry::Package> {
           return registry::create_package(session, registry::PackageName::for_new(name).value(),
                                           std::nullopt, registry::Access::open, clock.now());
         })
      .value();
}

TrustedPublisher TrustTest::add(std::string_view package_id, const json::object& claims,
                                Permissions permissions, std::string issuer) {
  const auto parsed = required(claims);
  if (!parsed) ADD_FAILURE() << parsed.error().message;
  const auto added = write([&](db::Session& session) {
    return add_publisher(session, package_id, {*parsed, permissions, issuer}, "alice", clock.now());
  });
  if (!added) ADD_FAILURE() << added.error().message << added.error().detail;
  return added.value();
}

TrustedPublisher TrustTest::add_of(std::string_view type, const json::object& claims) {
  const auto parsed = RequiredClaims::parse(*provider_of_type(type), claims);
  if (!parsed) ADD_FAILURE() << parsed.error().message;
  return write([&](db::Session& session) {
           return add_publisher(session, package.id,
                                {*parsed, {true, true, false}, std::string(type)}, "alice",
                                clock.now());
         })
      .value();
}

void TrustTest::remove(const TrustedPublisher& publisher) {
  const auto removed = write([&](db::Session& session) {
    return remove_publisher(session, publisher.package_id, publisher.id, clock.now());
  });
  EXPECT_TRUE(removed) << removed.error().message;
}

std::int64_t TrustTest::count(std::string_view sql, std::vector<db::Value> parameters) {
  return database
      ->read([&](db::Session& session) -> Result<std::int64_t> {
        return session.row(sql, parameters)->integer(0);
      })
      .value();
}

std::string TrustTest::text(std::string_view sql) {
  return database
      ->read([&](db::Session& session) -> Result<std::string> {
        const auto row = session.row(sql);
        return row ? row->text(0) : "(no row)";
      })
      .value();
}

std::vector<Attempt> TrustTest::attempts(std::string_view name) {
  return database
      ->read([&](db::Session& session) -> Result<std::vector<Attempt>> {
        return attempts_of(session, name, 1000);
      })
      .value();
}

void ExchangeTest::wire(const Clock* exchange_clock) {
  exchanger.reset();
  evaluator.reset();
  keys = std::make_unique<IssuerKeys>(remote, clock, null_log(), metrics);
  evaluator = std::make_unique<Evaluator>(*database, issuers, *keys,
                                          std::vector<std::string>{kAudience}, clock);
  exchanger =
      std::make_unique<Exchange>(*database, *evaluator, crypto::system_random(),
                                 exchange_clock ? *exchange_clock : clock, null_log(), metrics);
}

Result<MintedToken> ExchangeTest::exchange(const std::string& token, std::string_view name,
                                           std::string address) {
  return exchanger->exchange({std::string(name), token, std::move(address), "request-1"});
}

std::string ExchangeTest::outcome(const std::string& token, std::string_view name,
                                  std::string address) {
  const auto minted = exchange(token, name, std::move(address));
  return minted ? "granted" : std::string(minted.error().code());
}

}  // namespace imp::trust::test
