#include "registry/api/registry_fixture.h"

namespace imp::registry::test {
namespace {

constexpr trust::Permissions kPublish{true, true, false};
constexpr trust::Permissions kStageOnly{false, true, false};

class PublishRoutes : public RegistryTest {
 protected:
  /// A put with a hook while the body is on its way.
  Answer put(const std::string& token, std::string target, std::string body,
             std::function<void()> meanwhile = {}) {
    return ask({.method = Method::put,
                .target = std::move(target),
                .token = token,
                .body = std::move(body),
                .meanwhile = std::move(meanwhile)});
  }
  User alice = add_user("alice");
};

TEST_F(PublishRoutes, APersonPublishesToTheirScope) {
  EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0").outcome(), "201 ok");
  EXPECT_EQ(publish(alice.token, "plain", "1.0.0").outcome(), "201 ok");
  const json::value user =
      get("/@alice%2flib").document().at("versions").at("1.0.0").at("_npmUser");
  EXPECT_EQ(user.at("name"), json::value("alice"));
  EXPECT_FALSE(user.as_object().contains("trustedPublisher"));
  EXPECT_EQ(audited("package.publish").size(), 2u);
}

// Also of the last step, which makes the tarball durable before the commit that names it.
TEST_F(PublishRoutes, NothingIsPublishedOrStagedWhoseTarballIsNotStored) {
  for (const bool staged : {false, true}) {
    const auto send = [&](std::string_view name) {
      return staged ? stage(alice.token, name, "1.0.0") : publish(alice.token, name, "1.0.0");
    };
    const std::size_t before = blobs_.calls();
    ASSERT_EQ(send(staged ? "@alice/staged" : "@alice/published").status, 201);
    const std::size_t calls = blobs_.calls() - before;
    EXPECT_GE(calls, 4u);  // to begin, write, place and make durable
    for (std::size_t call = 1; call <= calls; ++call) {
      blobs_.fail_call(call);
      EXPECT_EQ(send("@alice/failing").status, 500) << call;
      EXPECT_EQ(count("SELECT COUNT(*) FROM package WHERE name = '@alice/failing'"), 0) << call;
    }
  }
}

TEST_F(PublishRoutes, EverySpellingOfANameIsTheSamePackage) {
  int patch = 0;
  for (const char* path : {"/@alice%2flib", "/@alice%2Flib", "/@alice/lib", "/%40alice%2flib",
                           "/%40alice/lib", "/@alice%2flib/"}) {
    const std::string version = "1.0." + std::to_string(patch++);
    EXPECT_EQ(put(alice.token, path, document("@alice/lib", version)).outcome(), "201 ok") << path;
    EXPECT_EQ(get(path).document().at("name"), json::value("@alice/lib")) << path;
  }
  EXPECT_EQ(count("SELECT COUNT(*) FROM package"), 1);
}

TEST_F(PublishRoutes, SpellingsThatDecodeTwiceAreNoName) {
  for (const char* path : {"/@alice%252flib", "/%2540alice%2flib", "/@alice%2f..",
                           "/@alice%2f%2e%2e", "/@alice%2flib%00", "/..%2flib", "/@alice%5clib",
                           "/.lib", "/_lib", "/@alice%2flib%2fmore"}) {
    const Answer answer = put(alice.token, path, document("@alice/lib", "1.0.0"));
    EXPECT_GE(answer.status, 400) << path;
    EXPECT_LT(answer.status, 500) << path;
  }
  EXPECT_EQ(count("SELECT COUNT(*) FROM package"), 0);
}

TEST_F(PublishRoutes, TheBodyMustBeAboutTheAddressedPackage) {
  EXPECT_EQ(put(alice.token, "/@alice%2flib", document("@alice/other", "1.0.0")).outcome(),
            "422 name_mismatch");
  EXPECT_EQ(put(alice.token, "/@alice%2fLib", document("@alice/lib", "1.0.0")).outcome(),
            "400 invalid_package_name");
  EXPECT_EQ(count("SELECT COUNT(*) FROM package"), 0);
}

// A text that cannot be stored, quoted in the message, must not keep the refusal from being
// recorded.
TEST_F(PublishRoutes, ARefusalThatQuotesAnythingIsRecordedAndIsJson) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
  const std::string good = document("@alice/lib", "1.1.0");
  const auto integrity = good.find("sha512-");
  const auto shasum = good.find("\"shasum\":\"") + 10;
  ASSERT_NE(integrity, std::string::npos);
  std::string other_integrity = good, other_shasum = good;
  other_integrity.replace(integrity, good.find('"', integrity) - integrity, "sha512-\\u0000");
  other_shasum.replace(shasum, good.find('"', shasum) - shasum, std::string(79, 'x') + "é");
  for (const auto& [body, code] : {std::pair(other_integrity, "422 integrity_mismatch"),
                                   std::pair(other_shasum, "422 shasum_mismatch")}) {
    const auto before = count("SELECT COUNT(*) FROM publish_attempt");
    const Answer answer = put(alice.token, "/@alice%2flib", body);
    EXPECT_EQ(answer.outcome(), code);
    EXPECT_TRUE(is_utf8(answer.body)) << answer.body;
    EXPECT_EQ(count("SELECT COUNT(*) FROM publish_attempt"), before + 1) << code;
  }
}

TEST_F(PublishRoutes, NobodyPublishesWithoutACredential) {
  EXPECT_EQ(publish("", "@alice/lib", "1.0.0").outcome(), "401 not_signed_in");
  EXPECT_EQ(publish("imp_wrong", "@alice/lib", "1.0.0").status, 401);
  EXPECT_EQ(publish("imp_pub_wrong", "@alice/lib", "1.0.0").outcome(), "401 publish_token_invalid");
  EXPECT_EQ(audited("package.publish"), std::vector<std::string>{"package.publish not_signed_in"});
  EXPECT_EQ(audited("authenticate").back(), "authenticate publish_token_invalid");
}

TEST_F(PublishRoutes, AStrangerDoesNotPublishToAPackageOfOthers) {
  const User mallory = add_user("mallory");
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
  EXPECT_EQ(publish(mallory.token, "@alice/lib", "1.0.1").outcome(), "403 publish_not_permitted");
  EXPECT_EQ(publish(mallory.token, "@alice/new", "1.0.0").outcome(), "403 scope_not_permitted");
}

TEST_F(PublishRoutes, ATarballIsNotTakenFromWhoMayNotPublishIt) {
  const User mallory = add_user("mallory", true);
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
  const std::size_t before = blobs_.size();
  // Told before a second factor is asked for, too.
  EXPECT_EQ(publish(mallory.token, "@alice/lib", "1.0.1").outcome(), "403 publish_not_permitted");
  EXPECT_EQ(publish(mallory.token, "@alice/new", "1.0.0").outcome(), "403 scope_not_permitted");
  EXPECT_EQ(stage(mallory.token, "@alice/lib", "1.0.2").outcome(), "403 publish_not_permitted");
  EXPECT_EQ(blobs_.size(), before);
}

TEST_F(PublishRoutes, ASecondFactorIsAskedOfPeopleWhoHaveOne) {
  User bob = add_user("bob", true);
  EXPECT_EQ(publish(bob.token, "@bob/lib", "1.0.0").outcome(), "401 second_factor_required");
  EXPECT_EQ(publish(bob.token, "@bob/lib", "1.0.0").header("www-authenticate"), "OTP");
  EXPECT_EQ(publish(bob.token, "@bob/lib", "1.0.0", otp(bob)).outcome(), "201 ok");
}

TEST_F(PublishRoutes, ACiJobPublishesWithItsPublishToken) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
  const std::string publisher = trust_job("@alice/lib", kPublish);
  EXPECT_EQ(publish(publish_token("@alice/lib"), "@alice/lib", "1.1.0").outcome(), "201 ok");
  EXPECT_EQ(publish(publish_token("@alice/lib"), "@alice/lib", "1.2.0").outcome(), "201 ok");
  const json::value user =
      get("/@alice%2flib").document().at("versions").at("1.1.0").at("_npmUser");
  EXPECT_EQ(user.at("trustedPublisher").at("oidcConfigId"), json::value("oidc:" + publisher));
  ASSERT_EQ(attempts("@alice/lib").size(), 4u);
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_attempt WHERE action = 'publish' AND "
                  "outcome = 'granted' AND actor LIKE 'publisher:%'"),
            2);
}

TEST_F(PublishRoutes, APublishTokenIsForOnePackageAndItsPermissions) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
  ASSERT_EQ(publish(alice.token, "@alice/other", "1.0.0").status, 201);
  trust_job("@alice/lib", kStageOnly);
  const std::string token = publish_token("@alice/lib");
  const Answer refused = publish(token, "@alice/lib", "1.1.0");
  EXPECT_EQ(refused.outcome(), "403 permission_not_granted");
  EXPECT_TRUE(refused.text("message").starts_with("OIDC permission denied for this action"));
  EXPECT_TRUE(refused.text("message").contains("`npm stage publish` is allowed."));
  EXPECT_FALSE(refused.header("npm-notice").empty());
  EXPECT_EQ(publish(token, "@alice/other", "1.1.0").outcome(), "403 other_package");
  EXPECT_EQ(publish(token, "@alice/brand-new", "1.0.0").outcome(), "403 other_package");
  EXPECT_EQ(publish(token, "@Alice/lib", "1.1.0").outcome(), "403 other_package");
  // Its maintainers see what was tried.
  const auto tried = attempts("@alice/lib");
  ASSERT_EQ(tried.size(), 5u);
  EXPECT_TRUE(std::ranges::any_of(tried, [](const trust::Attempt& attempt) {
    return attempt.action == "publish" && attempt.outcome == "permission_not_granted" &&
           attempt.remote_address == "192.0.2.1";
  }));
  EXPECT_EQ(audited("package.publish permission").size(), 0u);
  EXPECT_EQ(audited("package.publish").size(), 6u);
}

TEST_F(PublishRoutes, ARefusedVersionIsAnAttemptToo) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
  trust_job("@alice/lib", kPublish);
  const std::string token = publish_token("@alice/lib");
  EXPECT_EQ(publish(token, "@alice/lib", "1.0.0").outcome(), "403 version_already_published");
  EXPECT_EQ(put(token, "/@alice%2flib", document("@alice/other", "1.1.0")).outcome(),
            "422 name_mismatch");
  std::vector<std::string> outcomes;
  for (const auto& attempt : attempts("@alice/lib")) {
    if (attempt.action == "publish") outcomes.push_back(attempt.outcome);
  }
  std::ranges::sort(outcomes);
  EXPECT_EQ(outcomes, (std::vector<std::string>{"name_mismatch", "version_already_published"}));
}

TEST_F(PublishRoutes, APublishTokenChangesNothingButVersions) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
  trust_job("@alice/lib", kPublish);
  const std::string token = publish_token("@alice/lib");
  DocumentOptions restricted;
  restricted.access = "\"restricted\"";
  EXPECT_EQ(publish(token, "@alice/lib", "1.1.0", {}, restricted).outcome(),
            "403 publish_not_permitted");
  json::value packument = get("/@alice%2flib?write=true").document();
  packument.at("versions").at("1.0.0").as_object()["deprecated"] = "gone";
  EXPECT_EQ(put(token, "/@alice%2flib", json::serialize(packument)).outcome(),
            "403 publish_token_forbidden");
  EXPECT_EQ(put(alice.token, "/@alice%2flib", json::serialize(packument)).outcome(), "201 ok");
}

TEST_F(PublishRoutes, APublishTokenEndsAtTheVeryInstant) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
  trust_job("@alice/lib", kPublish);
  const std::string token = publish_token("@alice/lib");
  clock_.advance(trust::kPublishTokenLife - Milliseconds(1));
  EXPECT_EQ(publish(token, "@alice/lib", "1.1.0").outcome(), "201 ok");
  clock_.advance(Milliseconds(1));
  EXPECT_EQ(publish(token, "@alice/lib", "1.2.0").outcome(), "401 publish_token_invalid");
}

TEST_F(PublishRoutes, APublishTokenIsNoPasswordAndNoCircleToken) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
  trust_job("@alice/lib", kPublish);
  const std::string token = publish_token("@alice/lib");
  for (const std::string& pair : {"alice:" + token, token + ":", ":" + token}) {
    const Answer answer = ask({.method = Method::put,
                               .target = "/@alice%2flib",
                               .body = document("@alice/lib", "1.1.0"),
                               .headers = {{"authorization", "Basic " + base64(bytes_of(pair))}}});
    EXPECT_EQ(answer.status, 401) << pair;
  }
  EXPECT_EQ(ask({.method = Method::put,
                 .target = "/@alice%2flib",
                 .body = document("@alice/lib", "1.1.0"),
                 .headers = {{"circle-token", token}}})
                .status,
            401);
}

// While the body is on its way.

TEST_F(PublishRoutes, APublisherRemovedDuringTheUploadPublishesNothing) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
  const std::string publisher = trust_job("@alice/lib", kPublish);
  const std::string token = publish_token("@alice/lib");
  EXPECT_EQ(put(token, "/@alice%2flib", document("@alice/lib", "1.1.0"),
                [&] { distrust("@alice/lib", publisher); })
                .outcome(),
            "401 publish_token_invalid");
  EXPECT_FALSE(get("/@alice%2flib").document().at("versions").as_object().contains("1.1.0"));
}

TEST_F(PublishRoutes, ATokenRevokedDuringTheUploadPublishesNothing) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
  trust_job("@alice/lib", kPublish);
  const std::string token = publish_token("@alice/lib");
  EXPECT_EQ(
      put(token, "/@alice%2flib", document("@alice/lib", "1.1.0"),
          [&] {
            EXPECT_EQ(
                ask({.method = Method::del, .target = exchange_path("@alice/lib"), .token = token})
                    .status,
                204);
          })
          .outcome(),
      "401 publish_token_invalid");
}

TEST_F(PublishRoutes, AnAccessTokenRevokedDuringTheUploadPublishesNothing) {
  accounts::NewToken write;
  write.reach.all_packages = true;
  write.reach.packages_permission = accounts::TokenPermission::read_write;
  const std::string token = granular_token(alice, write);
  const auto revoke = [&] {
    EXPECT_TRUE(accounts_->tokens.revoke(alice.person, token, accounts::Actor::system()));
  };
  EXPECT_EQ(put(token, "/@alice%2flib", document("@alice/lib", "1.0.0"), revoke).outcome(),
            "401 credential_invalid");
  EXPECT_EQ(count("SELECT COUNT(*) FROM package"), 0);
}

TEST_F(PublishRoutes, AnUploadThatOutlastsItsTokenPublishesNothing) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
  trust_job("@alice/lib", kPublish);
  EXPECT_EQ(put(publish_token("@alice/lib"), "/@alice%2flib", document("@alice/lib", "1.1.0"),
                [&] { clock_.advance(trust::kPublishTokenLife); })
                .outcome(),
            "401 publish_token_invalid");
}

TEST_F(PublishRoutes, AMemberRemovedDuringTheUploadPublishesNothing) {
  const User bob = add_user("bob");
  const auto acme = add_organization("acme", alice);
  set_member(acme, bob, accounts::Role::member);
  ASSERT_EQ(publish(alice.token, "@acme/lib", "1.0.0").status, 201);
  EXPECT_EQ(publish(bob.token, "@acme/lib", "1.0.1").outcome(), "201 ok");
  EXPECT_EQ(put(bob.token, "/@acme%2flib", document("@acme/lib", "1.0.2"),
                [&] { set_member(acme, bob, std::nullopt); })
                .outcome(),
            "403 publish_not_permitted");
  EXPECT_EQ(put(bob.token, "/@acme%2fnew", document("@acme/new", "1.0.0")).outcome(),
            "403 scope_not_permitted");
}

TEST_F(PublishRoutes, APackageUnpublishedMeanwhileStaysClosed) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
  trust_job("@alice/lib", kPublish);
  const std::string token = publish_token("@alice/lib");
  const std::string rev = get("/@alice%2flib?write=true").text("_rev");
  EXPECT_EQ(put(token, "/@alice%2flib", document("@alice/lib", "1.1.0"),
                [&] {
                  EXPECT_EQ(ask({.method = Method::del,
                                 .target = "/@alice%2flib/-rev/" + rev,
                                 .token = alice.token})
                                .status,
                            200);
                })
                .outcome(),
            "403 package_recently_unpublished");
}

TEST_F(PublishRoutes, AnUploadCutShortLeavesNothing) {
  http::Request request;
  request.method = Method::put;
  request.target = "/@alice%2flib";
  request.headers = {{"authorization", "Bearer " + alice.token}};
  const auto match = router_.match(request);
  auto sink = match.route->sink(request);
  ASSERT_TRUE(sink);
  ASSERT_TRUE((*sink)->write(bytes_of(document("@alice/lib", "1.0.0").substr(0, 900))));
  sink->reset();
  EXPECT_EQ(count("SELECT COUNT(*) FROM package"), 0);
  EXPECT_EQ(blobs_.size(), 0u);
}

TEST_F(PublishRoutes, AFloodOfRefusalsIsCountedInFullAndRecordedInPart) {
  for (int i = 0; i < 150; ++i) EXPECT_EQ(publish("", "@alice/lib", "1.0.0").status, 401);
  EXPECT_TRUE(
      counted("registry_refusals_total{action=\"package.publish\",code=\"not_signed_in\"} "
              "150"));
  EXPECT_EQ(audited("package.publish").size(), 100u);
}

}  // namespace
}  // namespace imp::registry::test
