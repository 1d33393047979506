#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "crypto/random.h"
#include "db/temporary_directory.h"
#include "http/client.h"
#include "jose/forge.h"
#include "registry/brakes/freeze.h"
#include "registry/packages/store.h"
#include "registry/trust/attempt.h"
#include "registry/trust/evaluation.h"
#include "registry/trust/exchange.h"
#include "registry/trust/issuer_keys.h"
#include "registry/trust/providers/circleci/circleci.h"
#include "registry/trust/publisher.h"

namespace imp::trust::test {

namespace json = boost::json;

inline const std::string kBase = "https://ci.example";
inline const std::string kGitHub = "https://token.actions.githubusercontent.com";
inline const std::string kGitLab = "https://gitlab.com";
inline const std::string kOrganization = "0a1b2c3d-1111-4111-8111-111111111111";
inline const std::string kProject = "0a1b2c3d-2222-4222-8222-222222222222";
inline const std::string kDefinition = "0a1b2c3d-3333-4333-8333-333333333333";
inline const std::string kOrigin = "github.com/acme/widgets";
inline const std::string kContextA = "0a1b2c3d-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
inline const std::string kContextB = "0a1b2c3d-bbbb-4bbb-8bbb-bbbbbbbbbbbb";
inline const std::string kOther = "0a1b2c3d-9999-4999-8999-999999999999";
inline const std::string kAudience = "npm:registry.example";
inline constexpr std::int64_t kIssuedAt = 1'800'000'000;
inline constexpr Time kNow = Time(std::chrono::seconds(kIssuedAt + 60));
inline constexpr std::string_view kPrefix = "oidc.circleci.com/";

inline std::string organization_issuer(const std::string& organization = kOrganization) {
  return kBase + "/org/" + organization;
}
inline std::string claim(std::string_view short_name) {
  return std::string(kPrefix) + std::string(short_name);
}

/// The object with one member set to a JSON text, or removed when the text is empty.
json::object changed(json::object object, std::string_view member, std::string_view json_text);
/// A JSON string.
std::string json_string(std::string_view text);

/// A line of a provider's table: one member or claim is changed as by changed(). Named as a test.
struct Outcome {
  const char* name;
  const char* claim;
  std::string json_text;
  const char* outcome;  ///< as of code_of()
};
struct Received {
  const char* name;
  const char* claim;
  std::string json_text;
  bool agreed;
  bool same_project = true;
  bool present = true;  ///< the claim that does not agree, in the right type
};
/// Does something at its next look, which an exchange takes between verifying and minting.
class InterruptingClock final : public Clock {
 public:
  explicit InterruptingClock(const Clock& inner) : inner_(inner) {}
  Time now() const override {
    if (const auto act = std::exchange(act_, nullptr)) act();
    return inner_.now();
  }
  void then(std::function<void()> act) { act_ = std::move(act); }

 private:
  const Clock& inner_;
  mutable std::function<void()> act_;
};

/// What INSTANTIATE_TEST_SUITE_P takes to name them.
inline constexpr auto kRowName = [](const auto& info) { return std::string(info.param.name); };

/// That a publisher's changed claims are taken, or refused by a message that names the member.
void expect_parsed(const Provider& provider, const json::object& publisher, const Outcome& it);
/// That a job with a changed claim agrees with what is expected of it, or does not.
Comparison expect_compared(const RequiredClaims& expected, const json::object& job,
                           const Received& it);

/// The claims of a job of the right project, as CircleCI issues them.
json::object job_claims();
/// The claims of a publisher that trusts that job.
json::object publisher_claims(const std::vector<std::string>& contexts = {});
/// The same of jobs and publishers of other providers: project acme/widgets, and
/// acme/tools/widgets.
json::object github_job();
json::object github_publisher();
json::object gitlab_job();
json::object gitlab_publisher();
/// What a CircleCI publisher of these claims requires.
inline Result<RequiredClaims> required(const json::object& claims) {
  return RequiredClaims::parse(circleci(), claims);
}
std::string signed_token(const json::object& claims,
                         const crypto::PrivateKey& key = jose::test::rsa_key(),
                         std::string_view key_id = "r");
/// The token of a job with one claim changed as by changed().
std::string token_with(std::string_view claim_name, std::string_view json_text);
/// The token of a job with this `jti`.
std::string token_numbered(int number);

Issuers test_issuers();

/// Every issuer of a test behind one HTTP client: discovery and keys for any issuer below any base,
/// until told otherwise. Thread-safe.
class FakeIssuers final : public http::Client {
 public:
  using Answer = std::function<Result<http::Fetched>(const http::Fetch&)>;

  Result<http::Fetched> fetch(const http::Fetch& request) override;
  /// Replaces what is answered.
  void answer(Answer answer);
  /// The healthy answer, for an Answer that only sometimes differs.
  Result<http::Fetched> healthy(const http::Fetch& request);

  void publish_keys(std::string jwks);
  void state_cache_control(std::string value);
  int fetches() const;
  /// How many of them asked for this URL's document.
  int fetches_of(std::string_view part_of_url) const;
  http::Fetch last() const;

 private:
  mutable std::mutex mutex_;
  Answer answer_;
  std::string jwks_ = default_keys();
  std::string cache_control_;
  std::vector<http::Fetch> asked_;

  static std::string default_keys();
};

std::string jwks_of(const std::vector<std::pair<std::string, crypto::PublicKey>>& keys);
http::Fetched json_answer(std::string body, int status = 200);

/// A registry's trust tables with the package @acme/widget, in a file so that threads compete and
/// the store can be opened again.
class TrustTest : public testing::Test {
 protected:
  TrustTest();

  void open();
  template <class Body>
  auto write(Body body) {
    return database->write([&](db::Session& session) { return body(session); });
  }
  registry::Package add_package(std::string_view name);
  TrustedPublisher add(std::string_view package_id, const json::object& claims,
                       Permissions permissions = {true, true, false},
                       std::string issuer = "circleci");
  /// Adds one of another provider, at its issuer of the same name.
  TrustedPublisher add_of(std::string_view type, const json::object& claims);
  /// Adds one for kOrganization's job.
  TrustedPublisher add_default() { return add(package.id, publisher_claims()); }
  void remove(const TrustedPublisher& publisher);
  std::int64_t count(std::string_view sql, std::vector<db::Value> parameters = {});
  std::string text(std::string_view sql);
  std::vector<Attempt> attempts(std::string_view name = "@acme/widget");
  bool counted(std::string_view line) const { return metrics.exposition().contains(line); }

  imp::test::TemporaryDirectory directory;
  ManualClock clock{kNow};
  Metrics metrics;
  FakeIssuers remote;
  Issuers issuers = test_issuers();
  std::unique_ptr<db::Database> database;
  registry::Package package;
};

/// With the exchange over it.
class ExchangeTest : public TrustTest {
 protected:
  ExchangeTest() { wire(); }
  /// Objects as after a restart.
  void wire(const Clock* exchange_clock = nullptr);

  Result<MintedToken> exchange(const std::string& token, std::string_view name = "@acme/widget",
                               std::string address = "192.0.2.1");
  /// "granted", or the code of the refusal.
  std::string outcome(const std::string& token, std::string_view name = "@acme/widget",
                      std::string address = "192.0.2.1");

  std::unique_ptr<IssuerKeys> keys;
  std::unique_ptr<Evaluator> evaluator;
  std::unique_ptr<Exchange> exchanger;
};

/// "ok" or the code of a refusal.
template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "ok" : std::string(result.error().code());
}

}  // namespace imp::trust::test
