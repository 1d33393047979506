#include "registry/trust/publisher_plan.h"

#include "trust_fixture.h"

namespace imp::trust::test {
namespace {

class PublisherPlanTest : public TrustTest {
 protected:
  static PublisherRequest wanted(const json::object& claims = publisher_claims(),
                                 Permissions permissions = {true, true, false}) {
    return {required(claims).value(), permissions, "circleci"};
  }
  static json::object of_project(const std::string& project) {
    return changed(publisher_claims(), claim("project-id"), json_string(project));
  }
  std::vector<TrustedPublisher> existing() {
    return write([&](db::Session& session) -> Result<std::vector<TrustedPublisher>> {
             return publishers_of(session, package.id);
           })
        .value();
  }
};

TEST_F(PublisherPlanTest, WhatIsThereIsKept) {
  add_default();
  const auto plan = plan_publishers(existing(), {wanted()});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->kept, 1u);
  EXPECT_TRUE(plan->add.empty() && plan->change.empty() && plan->extra.empty());
}

TEST_F(PublisherPlanTest, WhatIsMissingIsAddedAndWhatIsNotWantedIsExtra) {
  const auto there = add_default();
  const auto plan = plan_publishers(existing(), {wanted(of_project(kOther))});
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->add.size(), 1u);
  EXPECT_EQ(plan->add.front().claims.text(claim("project-id")), kOther);
  ASSERT_EQ(plan->extra.size(), 1u);
  EXPECT_EQ(plan->extra.front().id, there.id);
  EXPECT_EQ(plan->kept, 0u);
}

TEST_F(PublisherPlanTest, OtherPermissionsAreAChangeThatKeepsWhatIsLearnt) {
  auto publisher = add_of("github", github_publisher());
  publisher.claims.learn_from(github_job());
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    keep_learnt(session, publisher);
    return {};
  }));
  PublisherRequest request{
      RequiredClaims::parse(*provider_of_type("github"), github_publisher()).value(),
      {false, true, false},
      publisher.issuer_id};
  const auto plan = plan_publishers(existing(), {request});
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->change.size(), 1u);
  EXPECT_EQ(plan->change.front().from.id, publisher.id);
  EXPECT_EQ(plan->change.front().to.permissions, request.permissions);
  EXPECT_FALSE(publisher.claims.learnt().empty());
  EXPECT_EQ(plan->change.front().to.claims.learnt(), publisher.claims.learnt());
}

TEST_F(PublisherPlanTest, AnotherIdentifierBehindTheNameIsAChange) {
  auto publisher = add_of("github", github_publisher());
  const auto request_with = [&](const char* id) {
    json::object claims = github_publisher();
    claims["repository_id"] = id;
    return PublisherRequest{RequiredClaims::parse(*provider_of_type("github"), claims).value(),
                            publisher.permissions, publisher.issuer_id};
  };
  const auto pinned = plan_publishers(existing(), {request_with("1")});
  ASSERT_EQ(pinned->change.size(), 1u);
  publisher.claims = request_with("1").claims;
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    keep_learnt(session, publisher);
    return {};
  }));
  EXPECT_EQ(plan_publishers(existing(), {request_with("1")})->kept, 1u);
  const auto other = plan_publishers(existing(), {request_with("2")});
  ASSERT_EQ(other->change.size(), 1u);
  EXPECT_EQ(other->change.front().to.claims.learnt().at("repository_id"), json::value("2"));
}

// Several people may have prepared the same: none of theirs is left with more than is wanted.
TEST_F(PublisherPlanTest, WhatIsThereSeveralTimesIsWantedEachTime) {
  auto first = add_default();
  auto second = first, third = first;
  second.id = "second";
  second.permissions = {false, true, false};
  const auto plan = plan_publishers({first, second, third}, {wanted()});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->kept, 2u);
  ASSERT_EQ(plan->change.size(), 1u);
  EXPECT_EQ(plan->change.front().from.id, "second");
  EXPECT_TRUE(plan->add.empty() && plan->extra.empty());
}

TEST_F(PublisherPlanTest, TheSameTwiceIsRefused) {
  EXPECT_EQ(code_of(plan_publishers({}, {wanted(), wanted(of_project(kOther)),
                                         wanted(publisher_claims(), {false, true, false})})),
            "duplicate_publisher");
}

}  // namespace
}  // namespace imp::trust::test
