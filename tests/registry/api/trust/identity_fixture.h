#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "jose/forge.h"
#include "registry/api/registry_fixture.h"
#include "registry/trust/issuer_table.h"

namespace imp::registry::test {

inline constexpr const char* kCurves = "https://curves.example";

/// A package that trusts the job of trust_fixture.h, and tokens of that job as an attacker makes
/// them: any header, any payload, properly signed unless the test says otherwise.
class IdentityTest : public RegistryTest {
 protected:
  IdentityTest() {
    EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
    publisher = trust(trust::test::publisher_claims({trust::test::kContextA}));
  }

  /// Trusts a job of these claims for the package, past the endpoints; the publisher's id.
  std::string trust(const json::object& claims, const std::string& issuer = "circleci") {
    const auto parsed = trust::test::required(claims).value();
    const auto added = write([&](db::Session& session) -> Result<trust::TrustedPublisher> {
      return trust::add_publisher(session, find_package(session, "@alice/lib")->id,
                                  {parsed, {true, true, false}, issuer}, "alice", clock_.now());
    });
    EXPECT_TRUE(added) << added.error().message;
    return added->id;
  }

  /// An issuer whose tokens may be signed by any of three algorithms, with a key of each ("r", "e",
  /// "d"), and whose job of the same claims is trusted.
  void trust_curves() {
    ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
      trust::Issuer issuer(trust::circleci());
      issuer.id = "curves";
      issuer.base_url = kCurves;
      issuer.algorithms = {jose::Algorithm::rs256, jose::Algorithm::es256, jose::Algorithm::eddsa};
      return trust::add_issuer(session, issuers_, issuer, "root", clock_.now());
    }));
    remote_.publish_keys(trust::test::jwks_of({{"r", jose::test::rsa_key().public_key()},
                                               {"e", jose::test::p256_key().public_key()},
                                               {"d", jose::test::ed25519_key().public_key()}}));
    trust(trust::test::publisher_claims({trust::test::kContextA}), "curves");
  }
  /// The claims of its job.
  json::object of_curves() {
    return with("iss", trust::test::json_string(std::string(kCurves) + "/org/" +
                                                trust::test::kOrganization));
  }

  std::int64_t second() const { return to_milliseconds(clock_.now()) / 1000; }
  /// The claims of a job that started this second.
  json::object fresh() {
    json::object claims = trust::test::job_claims();
    claims["iat"] = second();
    claims["exp"] = second() + 3600;
    claims["jti"] = "job-" + std::to_string(++numbered_);
    return claims;
  }
  json::object with(std::string_view claim, std::string_view json_text) {
    return trust::test::changed(fresh(), claim, json_text);
  }
  static std::string header(std::string_view members) { return "{" + std::string(members) + "}"; }
  /// The token of a job with this header (its members as JSON), signed with the job's issuer's key.
  std::string headed(std::string_view members,
                     const crypto::PrivateKey& key = jose::test::rsa_key()) {
    return jose::test::forge(header(members), json::serialize(fresh()), key);
  }
  /// The token with this payload, whatever it is.
  static std::string paid(std::string_view payload) {
    return jose::test::forge(R"({"alg":"RS256","kid":"r"})", payload);
  }
  std::string good() { return paid(json::serialize(fresh())); }

  std::string exchanged(const std::string& token) {
    return exchange(token, "@alice/lib").outcome();
  }

  User alice = add_user("alice");
  std::string publisher;

 private:
  int numbered_ = 0;
};

class HostileToken;

/// A hostile token, and what the exchange answers.
struct Hostile {
  const char* name;
  std::function<std::string(HostileToken&)> token;
  const char* outcome;
};

class HostileToken : public IdentityTest, public testing::WithParamInterface<Hostile> {
 public:
  using IdentityTest::fresh;
  using IdentityTest::good;
  using IdentityTest::headed;
  using IdentityTest::of_curves;
  using IdentityTest::paid;
  using IdentityTest::second;
  using IdentityTest::trust_curves;
  using IdentityTest::with;
  /// The token of a job with one claim changed as by trust::test::changed().
  std::string claiming(std::string_view claim, std::string_view json_text) {
    return paid(json::serialize(with(claim, json_text)));
  }
  /// The same for a claim of CircleCI's own.
  std::string circleci(std::string_view claim, std::string_view json_text) {
    return claiming(trust::test::claim(claim), json_text);
  }
  /// What the issuer publishes from now on, as one `keys` array.
  void publish_keys(const json::array& keys) {
    remote_.publish_keys(json::serialize(json::object{{"keys", keys}}));
  }
};

}  // namespace imp::registry::test
