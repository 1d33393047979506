#include "registry/api/trust/identity_fixture.h"

namespace imp::registry::test {
namespace {

const std::string kList = "/-/package/@alice%2flib/trust/attempts";

class AttemptRoutes : public IdentityTest {
 protected:
  Answer explain(const std::string& id, const std::string& token) {
    return get("/-/trust/attempts/" + id, token);
  }
  std::string with_origin(const char* origin) {
    return paid(json::serialize(with(trust::test::claim("vcs-origin"), origin)));
  }
};

TEST_F(AttemptRoutes, ARefusalNamesItsAttempt) {
  const Answer refused = exchange(with_origin(R"("github.com/acme/gadgets")"), "@alice/lib");
  ASSERT_EQ(refused.outcome(), "403 claim_mismatch");
  const std::string id = refused.text("attempt");
  EXPECT_TRUE(refused.header("npm-notice").contains(id));
  const Answer answer = explain(id, alice.token);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.text("action"), "exchange");
  EXPECT_EQ(answer.text("outcome"), "claim_mismatch");
  EXPECT_EQ(answer.text("message"), refused.text("message"));
  const json::value origin = answer.document().at("publishers").at(0).at("claims").at(3);
  EXPECT_EQ(origin.at("expected"), json::value(trust::test::kOrigin));
  EXPECT_EQ(origin.at("received"), json::value("github.com/acme/gadgets"));
  EXPECT_EQ(get(kList + "/" + id, alice.token).document(), answer.document());
  EXPECT_EQ(audit_detail("trust.exchange").at("attempt"), json::value(id));
}

TEST_F(AttemptRoutes, APublishTellsTheExchangeBehindIt) {
  const Answer granted = exchange(good(), "@alice/lib");
  const std::string token = granted.text("token");
  const Answer published = publish(token, "@alice/lib", "1.1.0");
  ASSERT_EQ(published.status, 201);
  const Answer again = publish(token, "@alice/lib", "1.1.0");
  ASSERT_EQ(again.outcome(), "403 version_already_published") << again.body;
  for (const Answer& each : {published, again}) {
    const Answer answer = explain(each.text("attempt"), alice.token);
    ASSERT_EQ(answer.status, 200) << each.body;
    EXPECT_EQ(answer.text("action"), "publish");
    EXPECT_EQ(answer.text("actor"), "publisher:" + publisher);
    const json::value behind = answer.document().at("exchange");
    EXPECT_EQ(behind.at("id"), json::value(granted.text("attempt")));
    EXPECT_EQ(behind.at("outcome"), json::value("granted"));
    EXPECT_FALSE(behind.at("publishers").as_array().empty());
  }
  EXPECT_EQ(explain(published.text("attempt"), alice.token).text("version"), "1.1.0");
}

TEST_F(AttemptRoutes, HoldWhatPeopleAndStrangersTried) {
  const User bob = add_user("bob");
  const std::vector<std::pair<Answer, std::string>> tries = {
      {publish(alice.token, "@alice/lib", "1.1.0"), "user:alice"},
      {stage(alice.token, "@alice/lib", "1.2.0"), "user:alice"},
      {publish(alice.token, "@alice/lib", "1.1.0"), "user:alice"},
      {publish(bob.token, "@alice/lib", "1.3.0"), "user:bob"},
      {publish({}, "@alice/lib", "1.3.0"), "anonymous"}};
  for (const auto& [answer, actor] : tries) {
    const Answer explained = explain(answer.text("attempt"), alice.token);
    ASSERT_EQ(explained.status, 200) << answer.body;
    EXPECT_EQ(explained.text("actor"), actor);
    EXPECT_EQ(explained.text("outcome"), answer.status < 300 ? "granted" : answer.text("code"));
    // Strangers are counted apart, so that they push nothing out.
    EXPECT_EQ(explained.document().at("proved").as_bool(), actor == "user:alice");
  }
}

TEST_F(AttemptRoutes, AreListedNewestFirst) {
  exchange(good(), "@alice/lib");
  clock_.advance(Milliseconds(5));
  exchange(with_origin(R"("github.com/acme/gadgets")"), "@alice/lib");
  const Answer all = get(kList, alice.token);
  ASSERT_EQ(all.status, 200);
  ASSERT_EQ(all.document().as_array().size(), 3u) << all.body;  // and the first publish, by hand
  EXPECT_EQ(all.document().at(0).at("outcome"), json::value("claim_mismatch"));
  EXPECT_EQ(get(kList + "?limit=1", alice.token).document().as_array().size(), 1u);
  EXPECT_EQ(get(kList + "?limit=-9", alice.token).document().as_array().size(), 1u);
}

TEST_F(AttemptRoutes, AreForWhoGoverns) {
  const std::string id =
      exchange(with_origin(R"("github.com/acme/gadgets")"), "@alice/lib").text("attempt");
  const User bob = add_user("bob");
  EXPECT_EQ(get(kList).outcome(), "401 not_signed_in");
  EXPECT_EQ(get(kList, bob.token).outcome(), "403 package_not_permitted");
  EXPECT_EQ(explain(id, {}).outcome(), "401 not_signed_in");
  EXPECT_EQ(explain(id, bob.token).outcome(), "404 attempt_not_found");
  EXPECT_EQ(explain(id, publish_token("@alice/lib")).outcome(), "403 publish_token_forbidden");
  EXPECT_EQ(explain("nothing", bob.token).body, explain(id, bob.token).body);
  // By the name of another package of one's own it is not found either.
  ASSERT_EQ(publish(bob.token, "@bob/lib", "1.0.0").status, 201);
  EXPECT_EQ(get("/-/package/@bob%2flib/trust/attempts/" + id, bob.token).outcome(),
            "404 attempt_not_found");
}

TEST_F(AttemptRoutes, AnIdDoesNotTellWhetherThePackageExists) {
  json::object stranger = fresh();
  stranger[trust::test::claim("project-id")] = trust::test::kOther;
  const std::string token = paid(json::serialize(stranger));
  for (const char* name : {"@alice/lib", "@alice/nothing"}) {
    const Answer answer = exchange(token, name);
    EXPECT_EQ(answer.outcome(), "404 no_matching_publisher");
    EXPECT_EQ(answer.text("attempt").size(), 36u);
    EXPECT_EQ(publish({}, name, "9.0.0").text("attempt").size(), 36u);
  }
}

}  // namespace
}  // namespace imp::registry::test
