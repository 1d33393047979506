#include "registry/api/registry_fixture.h"
#include "registry/provenance/bundle_judgement.h"

// What a review says of people and provenance, beside files and manifest.

namespace imp::registry::test {
namespace {

class ReviewOrigin : public RegistryTest {
 protected:
  ReviewOrigin() {
    EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201);
    trust_job("@alice/lib", {true, true, false});
  }

  json::value review(const std::string& id) {
    return get("/-/stage/" + id + "/review", alice.token).document();
  }
  std::string text(const std::string& id) {
    return ask({.target = "/-/stage/" + id + "/review",
                .token = alice.token,
                .headers = {{"accept", "text/plain"}}})
        .body;
  }
  std::string staged_by_a_job(std::string_view version, std::string_view claim = {},
                              std::string_view json_text = {}) {
    const Answer minted = exchange(identity_token(claim, json_text), "@alice/lib");
    EXPECT_EQ(minted.status, 201) << minted.body;
    return stage(minted.text("token"), "@alice/lib", version).text("stageId");
  }
  void judge(std::string_view version, bool verified) {
    BundleJudgement judgement;
    judgement.verified = verified;
    judgement.signer.source_repository = "https://git.example/acme/widgets";
    ASSERT_TRUE(write([&](db::Session& session) -> Result<int> {
      keep_judgement(session, find_package(session, "@alice/lib")->id, version, judgement);
      return 0;
    }));
  }

  User alice = add_user("alice", true);
};

TEST_F(ReviewOrigin, APipelineInsteadOfAPerson) {
  const std::string id = staged_by_a_job("1.1.0");
  EXPECT_EQ(review(id).at("origin"), (json::array{{{"what", "published by"},
                                                   {"before", "alice"},
                                                   {"after", "CircleCI (trusted publisher)"}}}));
  EXPECT_TRUE(text(id).contains("origin, published by: alice -> CircleCI (trusted publisher)\n"));
}

TEST_F(ReviewOrigin, TheNextRunOfTheSamePipelineIsNoChange) {
  ASSERT_EQ(publish(publish_token("@alice/lib"), "@alice/lib", "1.1.0").status, 201);
  EXPECT_EQ(review(staged_by_a_job("1.2.0")).at("origin"), json::array());
}

// The publisher does not ask for a branch, so that the exchange lets it pass.
TEST_F(ReviewOrigin, AnotherBranchIsShown) {
  ASSERT_EQ(publish(publish_token("@alice/lib"), "@alice/lib", "1.1.0").status, 201);
  const std::string id =
      staged_by_a_job("1.2.0", trust::test::claim("vcs-ref"), "\"refs/heads/evil\"");
  EXPECT_EQ(review(id).at("origin"), (json::array{{{"what", "run.vcs-ref"},
                                                   {"before", "refs/heads/main"},
                                                   {"after", "refs/heads/evil"}}}));
}

TEST_F(ReviewOrigin, MaintainersWhoCameAndWentAreShown) {
  add_user("bob");
  ASSERT_TRUE(write([](db::Session& session) -> Result<int> {
    const auto package = find_package(session, "@alice/lib");
    write_maintainers(session, package->id, {{"alice", ""}, {"bob", ""}});
    return 0;
  }));
  const Answer one = stage(alice.token, "@alice/lib", "1.1.0");
  const json::value came = review(one.text("stageId"));
  EXPECT_EQ(came.at("origin"),
            (json::array{{{"what", "maintainer"}, {"before", ""}, {"after", "bob"}}}));
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.2.0", otp(alice)).status, 201);
  ASSERT_TRUE(write([](db::Session& session) -> Result<int> {
    write_maintainers(session, find_package(session, "@alice/lib")->id, {{"alice", ""}});
    return 0;
  }));
  const Answer two = stage(alice.token, "@alice/lib", "1.3.0");
  EXPECT_EQ(review(two.text("stageId")).at("origin"),
            (json::array{{{"what", "maintainer"}, {"before", "bob"}, {"after", ""}}}));
}

TEST_F(ReviewOrigin, ProvenanceThatIsGoneIsWarnedOf) {
  judge("1.0.0", true);
  const std::string id = stage(alice.token, "@alice/lib", "1.1.0").text("stageId");
  const json::value it = review(id);
  EXPECT_EQ(it.at("origin").at(0).at("what"), "provenance");
  EXPECT_EQ(it.at("origin").at(0).at("after"), "");
  EXPECT_EQ(it.at("provenance"), json::value(nullptr));
  EXPECT_EQ(it.at("warnings").at(0), "1.0.0 came with provenance; this one has none.");
  EXPECT_TRUE(text(id).contains("WARNING: 1.0.0 came with provenance; this one has none."));
}

TEST_F(ReviewOrigin, ProvenanceOfTheReleaseIsShownAsItWasJudged) {
  judge("1.0.0", true);
  const std::string id = stage(alice.token, "@alice/lib", "1.1.0").text("stageId");
  BundleJudgement judgement;
  judgement.reason = "no trusted root is configured";
  judgement.signer.source_repository = "https://git.example/secretly/other";
  ASSERT_TRUE(write([&](db::Session& session) -> Result<int> {
    keep_staged_judgement(session, id, judgement);
    return 0;
  }));
  EXPECT_EQ(review(id).at("provenance").at("verified"), json::value(false));
  EXPECT_TRUE(text(id).contains("provenance: not verified, no trusted root is configured"));
  EXPECT_FALSE(text(id).contains("secretly"));
  EXPECT_EQ(ask({.method = Method::del,
                 .target = "/-/stage/" + id,
                 .token = alice.token,
                 .otp = otp(alice)})
                .status,
            204);
  EXPECT_EQ(count("SELECT COUNT(*) FROM staged_bundle"), 0);
}

}  // namespace
}  // namespace imp::registry::test
