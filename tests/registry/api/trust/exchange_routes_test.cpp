#include "registry/api/registry_fixture.h"

namespace imp::registry::test {
namespace {

class ExchangeRoutes : public RegistryTest {
 protected:
  ExchangeRoutes() {
    EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
    trust_job("@alice/lib", {true, true, false});
  }
  User alice = add_user("alice");
};

TEST_F(ExchangeRoutes, AnswerAsNpmExpects) {
  const Answer answer = exchange(identity_token(), "@alice/lib");
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.text("token_type"), "oidc");
  EXPECT_TRUE(trust::is_publish_token(answer.text("token")));
  EXPECT_EQ(
      parse_iso8601(answer.text("expires")).value() - parse_iso8601(answer.text("created")).value(),
      trust::kPublishTokenLife);
}

TEST_F(ExchangeRoutes, EverySpellingOfANameIsTheSamePackage) {
  for (const char* name : {"@alice%2flib", "@alice%2Flib", "@alice/lib", "%40alice%2flib"}) {
    EXPECT_EQ(ask({.method = Method::post,
                   .target = std::string("/-/npm/v1/oidc/token/exchange/package/") + name,
                   .token = identity_token()})
                  .status,
              201)
        << name;
  }
  for (const char* name :
       {"@alice%252flib", "@alice%2fLib", "@alice%2flib.", "@alice%2f..", "lib"}) {
    const Answer answer =
        ask({.method = Method::post,
             .target = std::string("/-/npm/v1/oidc/token/exchange/package/") + name,
             .token = identity_token()});
    EXPECT_TRUE(answer.status == 400 || answer.status == 404) << name << answer.status;
  }
}

TEST_F(ExchangeRoutes, WithoutATokenIsARefusalAndNoError) {
  const Answer answer = ask({.method = Method::post, .target = exchange_path("@alice/lib")});
  EXPECT_EQ(answer.outcome(), "401 missing_token");
  EXPECT_EQ(ask({.method = Method::post,
                 .target = exchange_path("@alice/lib"),
                 .headers = {{"authorization", "Basic " + base64(bytes_of("x:y"))}}})
                .outcome(),
            "401 missing_token");
}

TEST_F(ExchangeRoutes, ThePersonsTokenIsNoIdentityToken) {
  EXPECT_EQ(exchange(alice.token, "@alice/lib").outcome(), "400 malformed");
}

TEST_F(ExchangeRoutes, TheReasonIsPrintedByNpm) {
  const Answer answer =
      exchange(identity_token("oidc.circleci.com/ssh-rerun", "true"), "@alice/lib");
  EXPECT_EQ(answer.outcome(), "403 ssh_rerun");
  EXPECT_EQ(answer.header("npm-notice"), answer.text("message") + " (attempt " +
                                             answer.text("attempt") + ") " +
                                             std::string(kPublicUrl) + answer.text("help"));
  EXPECT_EQ(answer.text("help"), "/-/docs/guide/troubleshooting.md#ssh_rerun");
}

TEST_F(ExchangeRoutes, AClaimCannotAddHeaders) {
  // The message quotes the claim; npm prints the notice on a terminal.
  const Answer answer = exchange(identity_token("oidc.circleci.com/vcs-origin",
                                                R"("github.com/\r\nset-cookie: x\u001b[2J/ü")"),
                                 "@alice/lib");
  EXPECT_EQ(answer.outcome(), "403 claim_mismatch");
  const std::string notice = answer.header("npm-notice");
  EXPECT_TRUE(notice.contains("set-cookie"));
  EXPECT_TRUE(std::ranges::all_of(notice, [](char c) { return c >= ' ' && c <= '~'; })) << notice;
}

TEST_F(ExchangeRoutes, AJobHandsItsTokenBack) {
  const std::string token = publish_token("@alice/lib");
  const Ask back{.method = Method::del, .target = exchange_path("@alice/lib"), .token = token};
  EXPECT_EQ(ask({.method = Method::del, .target = exchange_path("@alice/other"), .token = token})
                .outcome(),
            "403 other_package");
  EXPECT_EQ(ask(back).status, 204);
  // The client's retry, whose first answer was lost.
  EXPECT_EQ(ask(back).status, 204);
  clock_.advance(Milliseconds(1));
  EXPECT_EQ(publish(token, "@alice/lib", "1.1.0").outcome(), "401 publish_token_invalid");
  EXPECT_EQ(attempts("@alice/lib").front().outcome, "publish_token_invalid");
  EXPECT_EQ(
      audited("trust.token_revoke"),
      (std::vector<std::string>{"trust.token_revoke other_package", "trust.token_revoke granted"}));
}

TEST_F(ExchangeRoutes, AnExpiredTokenIsHandedBackLikeAnyOther) {
  const std::string token = publish_token("@alice/lib");
  clock_.advance(trust::kPublishTokenLife);
  const Ask back{.method = Method::del, .target = exchange_path("@alice/lib"), .token = token};
  EXPECT_EQ(ask(back).status, 204);
  clock_.advance(trust::kReplayMargin + Milliseconds(1));
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    trust::forget_expired(session, clock_.now());
    return {};
  }));
  EXPECT_EQ(ask(back).outcome(), "401 publish_token_invalid");
}

TEST_F(ExchangeRoutes, OnlyPublishTokensAreHandedBack) {
  for (const std::string& token : {alice.token, std::string()}) {
    EXPECT_EQ(ask({.method = Method::del, .target = exchange_path("@alice/lib"), .token = token})
                  .outcome(),
              "401 publish_token_invalid");
  }
  EXPECT_EQ(get("/-/whoami", alice.token).status, 200);
}

TEST_F(ExchangeRoutes, ARestrictedPackageLooksAbsentToStrangers) {
  DocumentOptions restricted;
  restricted.access = "\"restricted\"";
  ASSERT_EQ(publish(alice.token, "@alice/secret", "1.0.0", {}, restricted).status, 201);
  trust_job("@alice/secret", {true, true, false});
  for (const auto& [claim, text] : {std::pair{"iss", "\"https://ci.example\""},
                                    {"oidc.circleci.com/project-id", "\"x\""},
                                    {"oidc.circleci.com/ssh-rerun", "true"},
                                    {"aud", "\"x\""},
                                    {"exp", "1"}}) {
    json::object stranger = trust::test::job_claims();
    stranger["oidc.circleci.com/org-id"] = trust::test::kOther;
    stranger["iss"] = "https://ci.example";
    const std::string token =
        trust::test::signed_token(trust::test::changed(stranger, claim, text));
    EXPECT_EQ(exchange(token, "@alice/secret").outcome(),
              exchange(token, "@alice/nothing").outcome())
        << claim;
  }
}

}  // namespace
}  // namespace imp::registry::test
