#include "crypto/hash.h"
#include "jose/jwk.h"
#include "registry/api/trust/identity_fixture.h"

// What an issuer, or somebody on the way to it, can answer when its keys are asked for, and what an
// exchange makes of it.

namespace imp::registry::test {
namespace {

using IssuerAnswer = trust::test::FakeIssuers::Answer;

struct Trouble {
  const char* name;
  IssuerAnswer answer;
};

class IssuerTrouble : public IdentityTest, public testing::WithParamInterface<Trouble> {};

TEST_P(IssuerTrouble, IsARefusalWhereNoKeysAreKept) {
  remote_.answer(GetParam().answer);
  const std::string token = good();
  const Answer answer = exchange(token, "@alice/lib");
  EXPECT_EQ(answer.outcome(), "503 issuer_unavailable");
  // What the issuer answered is for the operator.
  EXPECT_FALSE(answer.body.contains("evil"));
  EXPECT_EQ(audited("trust.exchange"),
            std::vector<std::string>{"trust.exchange issuer_unavailable"});
  // The token is not used up, and is good as soon as the issuer is.
  remote_.answer(nullptr);
  EXPECT_EQ(exchanged(token), "503 issuer_unavailable");  // asked once a minute
  clock_.advance(std::chrono::minutes(1));
  EXPECT_EQ(exchanged(token), "201 ok");
}

TEST_P(IssuerTrouble, LeavesTheKeysThatWereKnownInUseForADay) {
  ASSERT_EQ(exchanged(good()), "201 ok");
  remote_.answer(GetParam().answer);
  clock_.advance(std::chrono::hours(23));
  EXPECT_EQ(exchanged(good()), "201 ok");
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(exchanged(good()), "503 issuer_unavailable");
}

http::Fetched answered(int status, std::string body, http::Headers headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}
Trouble always(const char* name, http::Fetched answer) {
  return {name, [=](const http::Fetch&) -> Result<http::Fetched> { return answer; }};
}
Trouble failing(const char* name, http::FetchRefusal refusal) {
  return {name, [=](const http::Fetch&) -> Result<http::Fetched> {
            return refuse(refusal, "The fetch failed.");
          }};
}
/// Discovery is in order, the keys are this.
Trouble keys(const char* name, std::string body, int status = 200) {
  return {name, [=](const http::Fetch& request) -> Result<http::Fetched> {
            if (request.url.contains("jwks")) return answered(status, body);
            const std::string issuer = request.url.substr(0, request.url.find("/.well-known"));
            return answered(200, json::serialize(json::object{{"issuer", issuer},
                                                              {"jwks_uri", issuer + "/jwks"}}));
          }};
}
/// Discovery names this issuer and these keys, in which ISSUER stands for the one that was asked;
/// wherever they are, they are good ones.
Trouble discovery(const char* name, std::string issuer, std::string jwks_uri) {
  return {name, [=](const http::Fetch& request) -> Result<http::Fetched> {
            const auto end = request.url.find("/.well-known");
            if (end == std::string::npos) {
              return answered(200,
                              trust::test::jwks_of({{"r", jose::test::rsa_key().public_key()}}));
            }
            const std::string asked = request.url.substr(0, end);
            const auto filled = [&](std::string text) {
              if (const auto at = text.find("ISSUER"); at != std::string::npos)
                text.replace(at, 6, asked);
              return text;
            };
            return answered(200, json::serialize(json::object{{"issuer", filled(issuer)},
                                                              {"jwks_uri", filled(jwks_uri)}}));
          }};
}

INSTANTIATE_TEST_SUITE_P(
    Each, IssuerTrouble,
    testing::Values(always("Status500", answered(500, "{}")),
                    always("Status404", answered(404, "no")),
                    always("Redirect", answered(302, "", {{"location", "https://evil.example/"}})),
                    always("Html", answered(200, "<html>")), always("Empty", answered(200, "")),
                    always("Gzip", answered(200, "\x1f\x8b\x08")),
                    failing("Timeout", http::FetchRefusal::timed_out),
                    failing("TooLarge", http::FetchRefusal::body_too_large),
                    failing("Certificate", http::FetchRefusal::unreachable),
                    failing("BrokenOff", http::FetchRefusal::answer_invalid),
                    keys("Keys500", "{}", 500), keys("KeysAreHtml", "<html>"),
                    keys("NoKeys", R"({"keys":[]})"), keys("KeysAreAnObject", R"({"keys":{}})"),
                    keys("NoUsableKey", R"({"keys":[{"kty":"oct","kid":"r","k":"AA"}]})"),
                    keys("KeysOf300Kilobytes",
                         R"({"keys":[],"x":")" + std::string(300'000, 'x') + "\"}"),
                    discovery("OtherIssuer", "https://evil.example", "ISSUER/jwks"),
                    discovery("IssuerWithSlash", "ISSUER/", "ISSUER/jwks"),
                    discovery("KeysOnAnotherHost", "ISSUER", "https://evil.example/jwks"),
                    discovery("KeysOnAPrivateAddress", "ISSUER", "http://169.254.169.254/jwks"),
                    discovery("KeysInAFile", "ISSUER", "file:///etc/passwd")),
    [](const auto& info) { return std::string(info.param.name); });

class IssuerKeysOverHttp : public IdentityTest {
 protected:
  std::string signed_by(const crypto::PrivateKey& key, std::string_view kid) {
    return exchanged(headed(fmt::format(R"("alg":"RS256","kid":"{}")", kid), key));
  }
};

TEST_F(IssuerKeysOverHttp, ARotationWithOverlapIsFollowed) {
  const auto& old_key = jose::test::rsa_key();
  const auto& new_key = jose::test::foreign_rsa_key();
  ASSERT_EQ(signed_by(old_key, "r"), "201 ok");
  remote_.publish_keys(
      trust::test::jwks_of({{"new", new_key.public_key()}, {"r", old_key.public_key()}}));
  clock_.advance(std::chrono::seconds(61));
  EXPECT_EQ(signed_by(new_key, "new"), "201 ok");
  EXPECT_EQ(signed_by(old_key, "r"), "201 ok");
  remote_.publish_keys(trust::test::jwks_of({{"new", new_key.public_key()}}));
  clock_.advance(std::chrono::minutes(61));
  EXPECT_EQ(signed_by(old_key, "r"), "401 unknown_key");
  EXPECT_EQ(signed_by(new_key, "new"), "201 ok");
}

TEST_F(IssuerKeysOverHttp, AFloodOfUnknownKeysIsOneFetchAMinute) {
  ASSERT_EQ(signed_by(jose::test::rsa_key(), "r"), "201 ok");
  clock_.advance(std::chrono::seconds(61));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(signed_by(jose::test::rsa_key(), std::to_string(i)), "401 unknown_key");
  }
  EXPECT_EQ(remote_.fetches_of("jwks"), 2);
  EXPECT_EQ(signed_by(jose::test::rsa_key(), "r"), "201 ok");
}

TEST_F(IssuerKeysOverHttp, CacheControlIsHeeded) {
  remote_.state_cache_control("max-age=600");
  ASSERT_EQ(exchanged(good()), "201 ok");
  clock_.advance(std::chrono::seconds(599));
  ASSERT_EQ(exchanged(good()), "201 ok");
  EXPECT_EQ(remote_.fetches_of("jwks"), 1);
  clock_.advance(std::chrono::seconds(1));
  ASSERT_EQ(exchanged(good()), "201 ok");
  EXPECT_EQ(remote_.fetches_of("jwks"), 2);
}

// An issuer cannot have its keys asked for with every exchange, nor kept for ever.
TEST_F(IssuerKeysOverHttp, CacheControlHasAFloorAndACeiling) {
  remote_.state_cache_control("max-age=0");
  ASSERT_EQ(exchanged(good()), "201 ok");
  clock_.advance(std::chrono::seconds(59));
  ASSERT_EQ(exchanged(good()), "201 ok");
  EXPECT_EQ(remote_.fetches_of("jwks"), 1);
  remote_.state_cache_control("max-age=31536000");
  clock_.advance(std::chrono::seconds(1));
  ASSERT_EQ(exchanged(good()), "201 ok");
  EXPECT_EQ(remote_.fetches_of("jwks"), 2);
  clock_.advance(std::chrono::hours(24) - std::chrono::seconds(1));
  ASSERT_EQ(exchanged(good()), "201 ok");
  EXPECT_EQ(remote_.fetches_of("jwks"), 2);
  clock_.advance(std::chrono::seconds(1));
  ASSERT_EQ(exchanged(good()), "201 ok");
  EXPECT_EQ(remote_.fetches_of("jwks"), 3);
}

TEST_F(IssuerKeysOverHttp, AKeyOfAnotherOrganizationsIssuerDoesNotSign) {
  trust(trust::test::changed(trust::test::publisher_claims(), trust::test::claim("org-id"),
                             trust::test::json_string(trust::test::kOther)));
  remote_.answer([this](const http::Fetch& request) -> Result<http::Fetched> {
    if (!request.url.contains("jwks")) return remote_.healthy(request);
    const bool mine = request.url.contains(trust::test::kOrganization);
    const auto& key = mine ? jose::test::rsa_key() : jose::test::foreign_rsa_key();
    return answered(200, trust::test::jwks_of({{mine ? "r" : "theirs", key.public_key()}}));
  });
  json::object theirs = with("iss", "\"https://ci.example/org/" + trust::test::kOther + "\"");
  theirs[trust::test::claim("org-id")] = trust::test::kOther;
  const std::string header = R"({"alg":"RS256","kid":"theirs"})";
  EXPECT_EQ(
      exchanged(jose::test::forge(header, json::serialize(theirs), jose::test::foreign_rsa_key())),
      "201 ok");  // at home it does
  EXPECT_EQ(signed_by(jose::test::foreign_rsa_key(), "theirs"), "401 unknown_key");
  EXPECT_EQ(signed_by(jose::test::rsa_key(), "r"), "201 ok");
}

}  // namespace
}  // namespace imp::registry::test
