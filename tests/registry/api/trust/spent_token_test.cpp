#include <fmt/format.h>

#include <memory>

#include "registry/api/registry_fixture.h"

// A publish token is good for one version: the first that is published, staged or held with it.

namespace imp::registry::test {
namespace {

using Lines = std::vector<std::string>;

class SpentToken : public RegistryTest {
 protected:
  SpentToken() {
    EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201);
    publisher = trust_job("@alice/lib", {true, true, true});
    token = publish_token("@alice/lib");
  }
  std::string published(std::string_view version) {
    return publish(token, "@alice/lib", version).outcome();
  }
  std::string staged(std::string_view version) {
    return stage(token, "@alice/lib", version).outcome();
  }
  Answer withdraw(const std::string& id) {
    return ask({.method = Method::post, .target = "/-/stage/" + id + "/withdraw", .token = token});
  }
  Answer reject(const std::string& id) {
    return ask({.method = Method::del,
                .target = "/-/stage/" + id,
                .token = alice.token,
                .otp = otp(alice)});
  }
  /// Every version that there is, in any state.
  std::int64_t versions() { return count("SELECT COUNT(*) FROM package_version"); }
  /// What the tokens were used for.
  Lines spent() {
    return database_
        ->read([](db::Session& session) -> Result<Lines> {
          Lines all;
          for (const db::Row& row : session.rows(
                   "SELECT spent_on FROM publish_token WHERE spent_on <> '' ORDER BY spent_on")) {
            all.push_back(row.text(0));
          }
          return all;
        })
        .value();
  }

  User alice = add_user("alice", true);
  std::string publisher, token;
};

constexpr const char* kSpent = "403 publish_token_spent";

TEST_F(SpentToken, PublishesNoSecondVersion) {
  ASSERT_EQ(published("1.1.0"), "201 ok");
  for (const char* other : {"1.2.0", "0.9.0", "1.1.0-beta.1"}) {
    EXPECT_EQ(published(other), kSpent) << other;
    EXPECT_EQ(staged(other), kSpent) << other;
  }
  EXPECT_EQ(versions(), 2);
  EXPECT_EQ(spent(), Lines{"1.1.0"});
  EXPECT_EQ(publish(publish_token("@alice/lib"), "@alice/lib", "1.2.0").outcome(), "201 ok");
}

TEST_F(SpentToken, ThatStagedStagesAndPublishesNoOther) {
  ASSERT_EQ(staged("1.1.0"), "201 ok");
  EXPECT_EQ(staged("1.2.0"), kSpent);
  EXPECT_EQ(published("1.2.0"), kSpent);
  EXPECT_EQ(versions(), 2);
}

TEST_F(SpentToken, WhosePublishIsHeldIsSpentOnIt) {
  services_->publish_limits.per_publisher = 1;
  ASSERT_EQ(publish(publish_token("@alice/lib"), "@alice/lib", "1.1.0").status, 201);
  const Answer held = publish(token, "@alice/lib", "1.2.0");
  ASSERT_EQ(held.status, 202);
  EXPECT_EQ(published("1.3.0"), kSpent);
  EXPECT_EQ(staged("1.3.0"), kSpent);
  // The client's retry is the same release, and it is still this token's after its rejection.
  EXPECT_EQ(publish(token, "@alice/lib", "1.2.0").text("stageId"), held.text("stageId"));
  EXPECT_EQ(reject(held.text("stageId")).status, 204);
  EXPECT_EQ(published("1.3.0"), kSpent);
  EXPECT_EQ(publish(token, "@alice/lib", "1.2.0").status, 202);
}

// What was wrong, where, and what to do: to npm, to maintainers, and in the log.
TEST_F(SpentToken, IsToldSo) {
  ASSERT_EQ(published("1.1.0"), "201 ok");
  clock_.advance(Milliseconds(1));
  const Answer refused = publish(token, "@alice/lib", "1.2.0");
  ASSERT_EQ(refused.outcome(), kSpent);
  const std::string message = refused.text("message");
  for (const char* part : {"@alice/lib@1.1.0", "1.2.0 needs an exchange", "npm publish makes one",
                           "circleci run oidc get"}) {
    EXPECT_TRUE(message.contains(part)) << part << ": " << message;
  }
  EXPECT_EQ(refused.text("error"), message);
  EXPECT_TRUE(refused.header("npm-notice").starts_with(message));
  EXPECT_TRUE(refused.header("npm-notice").contains("publish_token_spent"));  // where it is told
  const trust::Attempt seen = attempts("@alice/lib").front();
  EXPECT_EQ(seen.id, refused.text("attempt"));
  EXPECT_EQ(seen.outcome, "publish_token_spent");
  EXPECT_EQ(seen.message, message);
  EXPECT_EQ(seen.publisher_id, publisher);
  const Answer explained = get("/-/trust/attempts/" + seen.id, alice.token);
  EXPECT_EQ(explained.status, 200);
  EXPECT_TRUE(explained.body.contains("publish_token_spent")) << explained.body;
  EXPECT_EQ(audited("package.publish").back(), "package.publish publish_token_spent");
  EXPECT_TRUE(
      counted(R"(registry_refusals_total{action="package.publish",code="publish_token_spent"} 1)"));
}

// While a tarball was on its way, the token was used for another.
TEST_F(SpentToken, IsSeenByAnUploadThatHasBegun) {
  for (const char* target : {"/@alice%2flib", "/-/stage/package/@alice%2flib"}) {
    token = publish_token("@alice/lib");
    const std::string first = fmt::format("2.0.{}", versions());
    const Answer late = ask({.method = target[1] == '@' ? Method::put : Method::post,
                             .target = target,
                             .token = token,
                             .body = document("@alice/lib", "3.0.0"),
                             .meanwhile = [&] { EXPECT_EQ(published(first), "201 ok"); }});
    EXPECT_EQ(late.outcome(), kSpent) << target;
    EXPECT_TRUE(late.text("message").contains("@alice/lib@" + first)) << late.body;
  }
  EXPECT_EQ(count("SELECT COUNT(*) FROM package_version WHERE version = '3.0.0'"), 0);
}

TEST_F(SpentToken, IsAnsweredAsBeforeForItsOwnVersion) {
  ASSERT_EQ(published("1.1.0"), "201 ok");
  EXPECT_EQ(published("1.1.0"), "403 version_already_published");  // it was answered
  EXPECT_EQ(staged("1.1.0"), "403 version_already_published");
  EXPECT_EQ(spent(), Lines{"1.1.0"});
}

// As after a restart: npm repeats a PUT that got no answer.
TEST_F(SpentToken, IsGoodForTheClientsRetry) {
  ASSERT_EQ(published("1.1.0"), "201 ok");
  std::destroy_at(&recent_publishes_);
  std::construct_at(&recent_publishes_, clock_);
  EXPECT_EQ(published("1.1.0"), "201 ok");
  EXPECT_EQ(published("1.2.0"), kSpent);
}

// A repetition is answered as a publish of the version, so it is one, whichever token it has.
TEST_F(SpentToken, IsTheOneThatRepeatedAnothersPublishToo) {
  ASSERT_EQ(publish(publish_token("@alice/lib"), "@alice/lib", "1.1.0").status, 201);
  std::destroy_at(&recent_publishes_);
  std::construct_at(&recent_publishes_, clock_);
  ASSERT_EQ(published("1.1.0"), "201 ok");
  EXPECT_EQ(published("1.2.0"), kSpent);
}

TEST_F(SpentToken, StagesItsVersionAgainOnceThatIsFree) {
  const std::string first = stage(token, "@alice/lib", "1.1.0").text("stageId");
  EXPECT_EQ(staged("1.1.0"), "409 version_staged");
  ASSERT_EQ(withdraw(first).status, 200);
  EXPECT_EQ(staged("1.2.0"), kSpent);
  const std::string second = stage(token, "@alice/lib", "1.1.0").text("stageId");
  ASSERT_EQ(reject(second).status, 204);
  EXPECT_EQ(staged("1.2.0"), kSpent);
  EXPECT_EQ(published("1.1.0"), "201 ok");  // staged first, and now at once
}

// Only what comes to something uses a token up.
TEST_F(SpentToken, IsNoneThatWasOnlyRefused) {
  EXPECT_EQ(published("1.0.0"), "403 version_already_published");
  EXPECT_EQ(staged("1.0.0"), "403 version_already_published");
  DocumentOptions restricted;
  restricted.access = "\"restricted\"";
  EXPECT_EQ(publish(token, "@alice/lib", "1.1.0", {}, restricted).outcome(),
            "403 publish_not_permitted");
  EXPECT_EQ(spent(), Lines());
  EXPECT_EQ(published("1.2.0"), "201 ok");
}

TEST_F(SpentToken, TagsReadsWaitsAndIsHandedBackAsBefore) {
  const auto tag = [&](Method method, std::string_view version) {
    return ask({.method = method,
                .target = "/-/package/@alice%2flib/dist-tags/beta",
                .token = token,
                .body = json::serialize(json::value(version))})
        .outcome();
  };
  EXPECT_EQ(tag(Method::put, "1.0.0"), "200 ok");
  EXPECT_EQ(spent(), Lines());  // tags are about versions that exist
  const std::string id = stage(token, "@alice/lib", "1.1.0").text("stageId");
  EXPECT_EQ(tag(Method::put, "1.0.0"), "200 ok");
  EXPECT_EQ(tag(Method::del, ""), "200 ok");
  EXPECT_EQ(get("/@alice%2flib", token).status, 200);
  EXPECT_EQ(get("/-/stage/" + id + "?wait=0", token).text("status"), "pending");
  EXPECT_EQ(withdraw(id).status, 200);
  EXPECT_EQ(
      ask({.method = Method::del, .target = exchange_path("@alice/lib"), .token = token}).status,
      204);
  EXPECT_EQ(published("1.1.0"), "401 publish_token_invalid");
}

// The clock has no part in it.
TEST_F(SpentToken, StaysSpentWhenTheClockIsSetBack) {
  clock_.advance(std::chrono::minutes(4));
  ASSERT_EQ(published("1.1.0"), "201 ok");
  clock_.advance(-std::chrono::minutes(8));
  EXPECT_EQ(published("1.2.0"), kSpent);
}

// An operator's or a maintainer's brake is told first, as to any other token.
TEST_F(SpentToken, ThatIsOverIsToldThat) {
  ASSERT_EQ(published("1.1.0"), "201 ok");
  distrust("@alice/lib", publisher);
  EXPECT_EQ(published("1.2.0"), "401 publish_token_invalid");
  EXPECT_EQ(published("1.1.0"), "401 publish_token_invalid");
}

}  // namespace
}  // namespace imp::registry::test
