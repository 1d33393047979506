#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "jose/forge.h"
#include "registry/api/registry_fixture.h"

namespace imp::registry::test {

/// A package that trusts the job of trust_fixture.h, and tokens of that job as an attacker makes
/// them: any header, any payload, properly signed unless the test says otherwise.
class IdentityTest : public RegistryTest {
 protected:
  IdentityTest() {
    EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
    publisher = trust(trust::test::publisher_claims({trust::test::kContextA}));
  }

  /// Trusts a job of these claims for the package, past the endpoints; the publisher's id.
  std::string trust(const json::object& claims) {
    const auto parsed = trust::test::required(claims).value();
    const auto added = write([&](db::Session& session) -> Result<trust::TrustedPublisher> {
      return trust::add_publisher(session, find_package(session, "@alice/lib")->id,
                                  {parsed, {true, true, false}, "circleci"}, "alice", clock_.now());
    });
    EXPECT_TRUE(added) << added.error().message;
    return added->id;
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
  using IdentityTest::paid;
  using IdentityTest::second;
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
