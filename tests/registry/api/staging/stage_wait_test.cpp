#include "base/uuid.h"
#include "registry/api/news/stage_news.h"
#include "registry/api/registry_fixture.h"
#include "registry/api/staging/stage_expiry.h"

namespace imp::registry::test {
namespace {

/// A release of @alice/lib that a pipeline elsewhere staged.
class StageWaitTest : public RegistryTest {
 protected:
  StageWaitTest() {
    EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201);
    trust_job("@alice/lib", {false, true, false});
    token = publish_token("@alice/lib");
    id = stage(token, "@alice/lib", "1.1.0").text("stageId");
  }

  Answer wait(const std::string& by, std::string_view seconds = "60", bool expired = false) {
    return ask({.target = "/-/stage/" + id + "?wait=" + std::string(seconds),
                .token = by,
                .wait_expired = expired});
  }
  Answer decide(Method method, std::string body = {}) {
    return ask({.method = method,
                .target = "/-/stage/" + id + (method == Method::post ? "/approve" : ""),
                .token = alice.token,
                .otp = otp(alice),
                .body = std::move(body)});
  }
  /// Whether whoever waits for the release is woken by `act`.
  bool wakes(const std::function<void()>& act) {
    bool woken = false;
    const auto subscription =
        waiters_.subscribe(wait(alice.token).waits_for, [&] { woken = true; });
    act();
    return woken;
  }

  User alice = add_user("alice", true);
  std::string token, id;
};

TEST_F(StageWaitTest, WaitsUntilItIsDecided) {
  EXPECT_EQ(wait(alice.token).waits_for, stage_topic(id));
  EXPECT_TRUE(wakes([&] { EXPECT_EQ(decide(Method::post).status, 201); }));
  EXPECT_EQ(wait(alice.token).waits_for, "");
  EXPECT_EQ(wait(alice.token).text("status"), "approved");
}

TEST_F(StageWaitTest, EveryEndWakes) {
  EXPECT_TRUE(wakes([&] { EXPECT_EQ(decide(Method::del, R"({"reason": "no"})").status, 204); }));
  EXPECT_EQ(wait(alice.token).text("status"), "rejected");
  id = stage(alice.token, "@alice/lib", "1.2.0").text("stageId");
  EXPECT_TRUE(wakes([&] {
    EXPECT_EQ(ask({.method = Method::post,
                   .target = "/-/stage/" + id + "/withdraw",
                   .token = alice.token})
                  .status,
              200);
  }));
  EXPECT_EQ(wait(alice.token).text("status"), "withdrawn");
  id = stage(alice.token, "@alice/lib", "1.3.0").text("stageId");
  EXPECT_TRUE(wakes([&] {
    clock_.advance(kStageLife);
    EXPECT_TRUE(expire_releases(*services_));
  }));
}

// As when the time is over, and when the server stops.
TEST_F(StageWaitTest, AnswersWithWhatIsWhenTheTimeIsOver) {
  EXPECT_EQ(wait(alice.token, "60", true).text("status"), "pending");
  for (const char* odd : {"0", "", "x", "-5"}) {
    EXPECT_EQ(wait(alice.token, odd).text("status"), "pending") << odd;
  }
  EXPECT_EQ(wait(alice.token, "100000").waits_for, stage_topic(id));
}

TEST_F(StageWaitTest, StrangersWaitForNothing) {
  const User mallory = add_user("mallory");
  EXPECT_EQ(wait(mallory.token).outcome(), "404 stage_not_found");
  EXPECT_EQ(wait("").outcome(), "401 not_signed_in");
  EXPECT_EQ(wait("imp_pub_nobody's").status, 401);
}

TEST_F(StageWaitTest, ARunWaitsForWhatItStagedAndSeesNoMore) {
  EXPECT_EQ(wait(token).waits_for, stage_topic(id));
  const json::object pending = wait(token, "0").document().as_object();
  EXPECT_EQ(pending.at("status"), json::value("pending"));
  EXPECT_FALSE(pending.contains("actor"));
  EXPECT_EQ(get("/-/stage/" + id, token).outcome(), "403 publish_token_forbidden");
  // Another run, whether there is such a release or not.
  EXPECT_EQ(wait(publish_token("@alice/lib")).outcome(), "403 publish_token_forbidden");
  ASSERT_EQ(decide(Method::del, R"({"reason": "Not on a Friday."})").status, 204);
  const json::object ended = wait(token).document().as_object();
  EXPECT_EQ(ended.at("status"), json::value("rejected"));
  EXPECT_EQ(ended.at("reason"), json::value("Not on a Friday."));
  EXPECT_FALSE(ended.contains("decidedBy"));
  EXPECT_EQ(wait(publish_token("@alice/lib")).outcome(), "403 publish_token_forbidden");
  id = new_uuid();
  EXPECT_EQ(wait(token).outcome(), "403 publish_token_forbidden");
  // The token's time goes on while it waits.
  clock_.advance(trust::kPublishTokenLife);
  EXPECT_EQ(wait(token).outcome(), "401 publish_token_invalid");
}

}  // namespace
}  // namespace imp::registry::test
